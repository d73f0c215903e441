DELETE FROM outbox
WHERE rowid IN (
    SELECT rowid FROM outbox
    WHERE outbox = ?1 AND state = 'sent' AND changed_at < ?2
    ORDER BY changed_at
    LIMIT ?3
)
