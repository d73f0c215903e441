-- Appends that have one stream each, and of which no two have the same: to streams that are there, and to such as they
-- begin. Those that are not answered were not written.
--
-- The streams stand in the order in which appends lock them everywhere: those that are there by number, then those that
-- are not by name.
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
inserted AS (
    INSERT INTO {schema}.streams (aggregate, id, version, epoch, recorded_at)
    SELECT given.aggregate, given.id, given.events, (SELECT epoch FROM moment), $7
    FROM unnest($18::integer[], $19::text[], $20::text[]) AS given (events, aggregate, id)
    ON CONFLICT DO NOTHING
    RETURNING no, id, version, recorded_at
),
heads AS (
    SELECT no, version, recorded_at, first, events FROM grown
    UNION ALL
    -- No two that begin have the same id.
    SELECT no, version, recorded_at, ($17::integer[])[array_position($20, id)], version::integer FROM inserted
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
        FROM heads
    ) AS event
    RETURNING number
)
SELECT
    (SELECT epoch FROM moment), (SELECT array_agg(number) FROM written), array_agg(first), array_agg(no),
    array_agg(version), array_agg(recorded_at)
FROM heads
