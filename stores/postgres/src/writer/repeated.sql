SELECT events.id, events.epoch, events.number, events.version, events.recorded_at, streams.aggregate, streams.id
FROM {schema}.events
JOIN {schema}.streams ON streams.no = events.stream
WHERE events.id = ANY ($1)
