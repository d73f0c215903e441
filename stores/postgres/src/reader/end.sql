-- The second half of all.sql by itself.
SELECT
    NULL::bigint, last.number, bound.epoch,
    (SELECT newest.epoch FROM {schema}.events AS newest ORDER BY newest.epoch DESC, newest.number DESC LIMIT 1),
    last.epoch
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
