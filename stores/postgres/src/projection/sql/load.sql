-- Holds the row until the end of the transaction, so that nobody takes the projection over meanwhile.
UPDATE {schema}.projections SET epoch = epoch
WHERE name = $1 AND epoch = $2
RETURNING version, journal, position_epoch, position, aggregate, stream, stream_version, event_id, partitions
