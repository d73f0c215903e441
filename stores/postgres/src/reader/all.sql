(
    SELECT
        epoch, number, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id,
        correlation_id, causation_id, extra
    FROM (
        SELECT *
        FROM {schema}.events
        WHERE (epoch, number) > ($1, $2)
        -- Transactions from the oldest one on that still runs may yet commit events before those that are there.
        AND epoch < (SELECT generation << 48 FROM {schema}.meta) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ORDER BY epoch, number
        LIMIT $3
    ) AS looked_at
    WHERE kind <> ALL ($4::integer[])
    -- All slices of streams, or some. An event whose stream is missing is damage that is to be found.
    AND (
        $6::boolean
        OR coalesce((SELECT slice FROM {schema}.streams WHERE streams.no = looked_at.stream), $7) BETWEEN $7 AND $8
    )
    ORDER BY epoch, number
    LIMIT $5
)
UNION ALL
-- After the last event: what `End` has.
(
    SELECT
        NULL, last.number, bound.epoch,
        (SELECT newest.epoch FROM {schema}.events AS newest ORDER BY newest.epoch DESC, newest.number DESC LIMIT 1),
        last.epoch, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (
        SELECT (generation << 48) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS epoch FROM {schema}.meta
    ) AS bound
    LEFT JOIN LATERAL (
        SELECT events.epoch, events.number
        FROM {schema}.events
        WHERE events.epoch < bound.epoch
        ORDER BY events.epoch DESC, events.number DESC
        LIMIT 1
    ) AS last ON true
)
