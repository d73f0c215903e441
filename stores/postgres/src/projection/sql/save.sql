UPDATE {schema}.projections
SET version = $4, journal = $5, position_epoch = $6, position = $7, aggregate = $8, stream = $9, stream_version = $10,
    event_id = $11
WHERE name = $1 AND epoch = $2 AND current_setting('es.transaction', true) = $3
RETURNING set_config('es.may_commit', 'on', true)
