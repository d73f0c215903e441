-- Whether a block is in the table: all its ids are, or none.
SELECT EXISTS (
    SELECT 1
    FROM events CROSS JOIN journal_ids
        ON part = CAST(substr(id, 2, 5) || substr(id, 14, 3) AS BLOB) AND journal_ids.position = events.position
    WHERE events.position > ?1 AND events.position <= ?2
)
