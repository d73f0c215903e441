SELECT min(version), max(version)
FROM (
    SELECT version
    FROM journal_ids CROSS JOIN events ON events.position = journal_ids.position
    WHERE part = ?1 AND command_id = ?2 AND stream = ?3
    UNION ALL
    -- The events that are not in `journal_ids` yet.
    SELECT version
    FROM events
    WHERE position > (SELECT max(position) FROM events) / 64 * 64 AND command_id = ?2 AND +stream = ?3
)
