DELETE FROM {schema}.outbox
WHERE outbox = $1 AND (position_epoch, position, ordinal) IN (
    SELECT position_epoch, position, ordinal FROM {schema}.outbox
    WHERE outbox = $1 AND state = 'sent' AND changed_at < $2
    ORDER BY changed_at
    LIMIT $3
)
