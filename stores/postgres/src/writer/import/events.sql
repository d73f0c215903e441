INSERT INTO {schema}.events (
    epoch, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id, correlation_id,
    causation_id, extra
)
SELECT
    $1, event.stream, event.version, event.recorded_at, event.id, event.kind, event.payload::json, event.bytes,
    event.actor, event.command, event.correlation, event.causation, event.extra::json
FROM unnest(
    $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::integer[], $7::text[], $8::bytea[], $9::text[],
    $10::uuid[], $11::uuid[], $12::uuid[], $13::text[]
) WITH ORDINALITY AS event (
    stream, version, recorded_at, id, kind, payload, bytes, actor, command, correlation, causation, extra, at
)
ORDER BY event.at
RETURNING number
