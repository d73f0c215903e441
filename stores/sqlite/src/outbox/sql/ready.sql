SELECT position_epoch, position, ordinal, aggregate, stream, id, type, event
FROM outbox
WHERE outbox = ?1 AND state = 'ready'
ORDER BY position_epoch, position, ordinal
LIMIT ?2
