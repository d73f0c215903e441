-- What is split has no checkpoint of its own.
UPDATE {schema}.projections
SET partitions = $3,
    version = CASE WHEN $3 = 1 THEN version END, journal = CASE WHEN $3 = 1 THEN journal END,
    position_epoch = CASE WHEN $3 = 1 THEN position_epoch END, position = CASE WHEN $3 = 1 THEN position END,
    aggregate = CASE WHEN $3 = 1 THEN aggregate END, stream = CASE WHEN $3 = 1 THEN stream END,
    stream_version = CASE WHEN $3 = 1 THEN stream_version END, event_id = CASE WHEN $3 = 1 THEN event_id END
WHERE name = $1 AND epoch = $2
RETURNING set_config('es.may_commit', 'on', true)
