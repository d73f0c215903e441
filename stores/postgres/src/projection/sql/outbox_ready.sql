SELECT position_epoch, position, ordinal, aggregate, stream, id, type, event
FROM {schema}.outbox
WHERE outbox = $1 AND state = 'ready'
    AND (aggregate, stream) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]))
ORDER BY position_epoch, position, ordinal
LIMIT $2
