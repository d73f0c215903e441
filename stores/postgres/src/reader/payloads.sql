-- Events of a stream without what makes up no state, $5 of them in a row: what a row costs, and each value in it, is more than
-- what it takes to read an event. Instead of one with more than $6 bytes there is only a kind that is null.
SELECT
    streams.version, run.*, last.id, last.epoch, last.number
FROM {schema}.streams
CROSS JOIN LATERAL generate_series($3::bigint, least($4, streams.version), $5::bigint) AS first
CROSS JOIN LATERAL (
    SELECT
        min(version), max(version) AS last_version, array_agg(kind),
        -- JSON has no such character.
        string_agg(CASE WHEN kind IS NOT NULL THEN coalesce(payload::text, '') END, E'\x1e'),
        array_agg(payload_bytes) FILTER (WHERE payload IS NULL AND kind IS NOT NULL)
    FROM (
        SELECT
            version, payload, payload_bytes,
            CASE WHEN octet_length(payload::text) > $6 OR octet_length(payload_bytes) > $6 THEN NULL ELSE kind END AS kind
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
