-- The same as usual.sql for one append of one event; no row where it was not written.
WITH grown AS (
    UPDATE {schema}.streams
    SET version = streams.version + 1, epoch = moment.epoch, recorded_at = greatest(streams.recorded_at, $5)
    FROM (SELECT (generation << 48) + pg_current_xact_id()::text::bigint AS epoch FROM {schema}.meta) AS moment
    WHERE streams.no = $1
    AND streams.aggregate IS NOT DISTINCT FROM $3
    AND streams.id IS NOT DISTINCT FROM $4
    AND streams.version = coalesce($2, streams.version)
    AND streams.epoch < moment.epoch
    RETURNING streams.no, streams.version, streams.epoch, streams.recorded_at
)
INSERT INTO {schema}.events (
    epoch, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id, correlation_id,
    causation_id, extra
)
SELECT
    grown.epoch, grown.no, grown.version, grown.recorded_at, $6, $7, $8::text::json, $9::bytea, $10::text, $11::uuid,
    $12::uuid, $13::uuid, $14::text::json
FROM grown
RETURNING epoch, ARRAY[number], ARRAY[1], ARRAY[stream], ARRAY[version], ARRAY[recorded_at]
