SELECT position_epoch, position, ordinal, aggregate, stream, id, type, attempts, error, changed_at
FROM {schema}.outbox
WHERE outbox = $1 AND state = 'parked' AND (position_epoch, position, ordinal) > ($2, $3, $4)
ORDER BY position_epoch, position, ordinal
LIMIT $5
