-- The same as usual.sql for appends of one event each, to streams that are there.
WITH grown AS (
    UPDATE {schema}.streams
    SET
        version = streams.version + 1,
        epoch = (SELECT (generation << 48) + pg_current_xact_id()::text::bigint FROM {schema}.meta),
        recorded_at = greatest(streams.recorded_at, $5)
    FROM unnest($1::bigint[], $3::text[], $4::text[], $8::text[])
        WITH ORDINALITY AS given (no, aggregate, id, payload, at)
    WHERE streams.no = given.no
    AND streams.aggregate IS NOT DISTINCT FROM given.aggregate
    AND streams.id IS NOT DISTINCT FROM given.id
    AND streams.version = coalesce(($2::bigint[])[given.at], streams.version)
    AND streams.epoch < (SELECT (generation << 48) + pg_current_xact_id()::text::bigint FROM {schema}.meta)
    RETURNING
        streams.epoch, streams.no, streams.version, streams.recorded_at, given.at::integer AS at, given.payload
),
written AS (
    INSERT INTO {schema}.events (
        epoch, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id, correlation_id,
        causation_id, extra
    )
    SELECT
        epoch, no, version, recorded_at, ($6::uuid[])[at], ($7::integer[])[at], payload::json, ($9::bytea[])[at],
        ($10::text[])[at], ($11::uuid[])[at], ($12::uuid[])[at], ($13::uuid[])[at], ($14::text[])[at]::json
    FROM grown
    RETURNING number
)
SELECT
    max(epoch), (SELECT array_agg(number) FROM written), array_agg(at), array_agg(no), array_agg(version),
    array_agg(recorded_at)
FROM grown
