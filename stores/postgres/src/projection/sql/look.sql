SELECT version, journal, position_epoch, position, aggregate, stream, stream_version, event_id
FROM {schema}.projections
WHERE name = $1
