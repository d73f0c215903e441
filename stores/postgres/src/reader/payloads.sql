-- Events of a stream without what makes up no state, $5 of them in a row: what a row costs, and each value in it, is more than
-- what it takes to read an event.
SELECT
    streams.version, run.*, last.id, last.epoch, last.number
FROM {schema}.streams
CROSS JOIN LATERAL generate_series($3::bigint, least($4, streams.version), $5::bigint) AS first
CROSS JOIN LATERAL (
    SELECT
        min(version), max(version) AS last_version, array_agg(kind),
        -- JSON has no such character.
        string_agg(coalesce(payload::text, ''), E'\x1e'), array_agg(payload_bytes) FILTER (WHERE payload IS NULL)
    FROM (
        SELECT version, kind, payload, payload_bytes
        FROM {schema}.events
        WHERE stream = streams.no
        -- Events with versions from 0 down are damage that is to be found.
        AND version >= CASE first WHEN 1 THEN -9223372036854775807 ELSE first END
        AND version <= least($4, first + $5 - 1)
        ORDER BY version
    ) AS event
) AS run
LEFT JOIN {schema}.events AS last ON last.stream = streams.no AND last.version = run.last_version
WHERE streams.aggregate = $1 AND streams.id = $2
