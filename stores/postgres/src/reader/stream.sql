SELECT
    epoch, number, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id,
    correlation_id, causation_id, extra
FROM {schema}.events
WHERE stream = (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND streams.id = $2)
AND version BETWEEN $3 AND $4
ORDER BY version
LIMIT $5
