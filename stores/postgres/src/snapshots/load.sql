SELECT version, event_id, taken_at, payload
FROM {schema}.snapshots
WHERE stream = (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND id = $2) AND version <= $3 AND format = $4
ORDER BY version DESC
LIMIT 1
