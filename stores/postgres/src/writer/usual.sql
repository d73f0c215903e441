-- Appends that have one stream each, which was written before, and of which no two have the same. Those that are not
-- answered were not written.
--
-- The streams stand by number, in their order: appends lock them in the same one everywhere. They are in the table that
-- the numbers were found in, or they are others.
WITH moment AS MATERIALIZED (
    SELECT (generation << 48) + pg_current_xact_id()::text::bigint AS epoch FROM {schema}.meta
),
grown AS (
    UPDATE {schema}.streams
    SET
        version = streams.version + given.events,
        epoch = (SELECT epoch FROM moment),
        recorded_at = greatest(streams.recorded_at, $6)
    FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::integer[]) AS given (no, expected, first, events)
    WHERE streams.no = given.no
    AND streams.version = coalesce(given.expected, streams.version)
    -- As in the function `append`: the events of a stream have to be in their order.
    AND streams.epoch < (SELECT epoch FROM moment)
    AND streams.tableoid = $5
    RETURNING streams.no, streams.version, streams.recorded_at, given.first, given.events
),
written AS (
    INSERT INTO {schema}.events (
        epoch, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id, correlation_id,
        causation_id, extra
    )
    SELECT
        (SELECT epoch FROM moment), event.stream, event.version_before + event.at - event.first + 1, event.recorded_at,
        ($7::uuid[])[event.at], ($8::integer[])[event.at], ($9::text[])[event.at]::json, ($10::bytea[])[event.at],
        ($11::text[])[event.at], ($12::uuid[])[event.at], ($13::uuid[])[event.at], ($14::uuid[])[event.at],
        ($15::text[])[event.at]::json
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
