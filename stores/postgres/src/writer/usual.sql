-- Appends that have one stream each, which was written before, and of which no two have the same. Those that are not
-- answered were not written.
--
-- The streams stand by number, in their order: appends lock them in the same one everywhere.
WITH moment AS MATERIALIZED (
    SELECT (generation << 48) + pg_current_xact_id()::text::bigint AS epoch FROM {schema}.meta
),
grown AS (
    UPDATE {schema}.streams
    SET
        version = streams.version + given.events,
        epoch = (SELECT epoch FROM moment),
        recorded_at = greatest(streams.recorded_at, $7)
    FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::integer[], $5::text[], $6::text[])
        AS given (no, expected, first, events, aggregate, id)
    WHERE streams.no = given.no
    -- After a restore the number may be that of another stream. Not an equality, which could have them found in the order
    -- of their names.
    AND streams.aggregate IS NOT DISTINCT FROM given.aggregate
    AND streams.id IS NOT DISTINCT FROM given.id
    AND streams.version = coalesce(given.expected, streams.version)
    -- As in the function `append`: the events of a stream have to be in their order.
    AND streams.epoch < (SELECT epoch FROM moment)
    RETURNING streams.no, streams.version, streams.recorded_at, given.first, given.events
),
written AS (
    INSERT INTO {schema}.events (
        epoch, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id, correlation_id,
        causation_id, extra
    )
    SELECT
        (SELECT epoch FROM moment), event.stream, event.version_before + event.at - event.first + 1, event.recorded_at,
        ($8::uuid[])[event.at], ($9::integer[])[event.at], ($10::text[])[event.at]::json, ($11::bytea[])[event.at],
        ($12::text[])[event.at], ($13::uuid[])[event.at], ($14::uuid[])[event.at], ($15::uuid[])[event.at],
        ($16::text[])[event.at]::json
    FROM (
        SELECT
            no AS stream, version - events AS version_before, recorded_at, first,
            generate_series(first, first + events - 1) AS at
        FROM grown
    ) AS event
    RETURNING number
)
SELECT
    (SELECT epoch FROM moment), (SELECT array_agg(number) FROM written), array_agg(no), array_agg(version),
    array_agg(recorded_at)
FROM grown
