INSERT INTO {schema}.parked_events
    (projection, position_epoch, position, aggregate, stream, version, event, event_id, error, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (projection, position_epoch, position) DO UPDATE
SET aggregate = excluded.aggregate, stream = excluded.stream, version = excluded.version, event = excluded.event,
    event_id = excluded.event_id, error = excluded.error, parked_at = excluded.parked_at
