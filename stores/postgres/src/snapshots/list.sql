-- Along the primary key, from where the list goes on. A payload is only fetched where it goes into the page.
SELECT
    listed.version, listed.event_id, listed.taken_at, listed.payload, streams.aggregate, streams.id, listed.format
FROM (
    SELECT
        *,
        row_number() OVER in_order AS place,
        sum(octet_length(payload)) OVER in_order AS bytes
    FROM (
        SELECT *
        FROM {schema}.snapshots
        WHERE (stream, version) > (
            -- Streams are counted from 1.
            CASE WHEN $1::text IS NULL THEN 0
            ELSE (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND id = $2) END,
            coalesce($3::bigint, 0)
        )
        ORDER BY stream, version
        LIMIT $4
    ) AS next
    WINDOW in_order AS (ORDER BY stream, version ROWS UNBOUNDED PRECEDING)
) AS listed
LEFT JOIN {schema}.streams ON streams.no = listed.stream
WHERE listed.place = 1 OR listed.bytes <= $5
ORDER BY listed.place
