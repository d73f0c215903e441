SELECT position_epoch, position, ordinal, aggregate, stream, id, type, event
FROM outbox
WHERE outbox = ?1 AND state = 'ready'
    AND (aggregate, stream) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?3))
ORDER BY position_epoch, position, ordinal
LIMIT ?2
