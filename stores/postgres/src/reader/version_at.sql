-- The times of a stream's events never decrease, so the last one at or before a time is searched for by halves:
-- everything up to `at_or_before` is, from `later` on nothing.
WITH RECURSIVE search (no, at_or_before, later) AS (
    SELECT no, 0::bigint, version + 1 FROM {schema}.streams WHERE aggregate = $1 AND id = $2
    UNION ALL
    SELECT
        middle.no,
        CASE WHEN events.recorded_at <= $3 THEN middle.version ELSE middle.at_or_before END,
        CASE WHEN events.recorded_at <= $3 THEN middle.later ELSE middle.version END
    FROM (
        SELECT no, at_or_before, later, at_or_before + (later - at_or_before) / 2 AS version
        FROM search
        WHERE later - at_or_before > 1
    ) AS middle
    JOIN {schema}.events ON events.stream = middle.no AND events.version = middle.version
)
SELECT at_or_before, later FROM search ORDER BY later - at_or_before LIMIT 1
