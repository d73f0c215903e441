SELECT aggregate, stream, name, due, event_id, version, event_index, error
FROM {schema}.reaction_timers
WHERE reaction = $1 AND (error IS NOT NULL) = $2
ORDER BY due
LIMIT $3
