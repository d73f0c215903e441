SELECT position_epoch, position, aggregate, stream, version, event, event_id, error, parked_at
FROM {schema}.parked_events
WHERE projection = $1 AND (position_epoch, position) > ($2, $3)
ORDER BY position_epoch, position
LIMIT $4
