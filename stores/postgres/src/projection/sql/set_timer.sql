INSERT INTO {schema}.reaction_timers
    (reaction, aggregate, stream, name, due, event_id, version, event_index, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (reaction, aggregate, stream, name) DO UPDATE
SET due = excluded.due, event_id = excluded.event_id, version = excluded.version, event_index = excluded.event_index,
    error = excluded.error
