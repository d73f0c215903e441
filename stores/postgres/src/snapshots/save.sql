-- A snapshot may come before the stream: it is then one of a journal that was restored.
WITH new_stream AS (
    INSERT INTO {schema}.streams (aggregate, id)
    SELECT $1, $2
    WHERE NOT EXISTS (SELECT FROM {schema}.streams WHERE aggregate = $1 AND id = $2)
    ON CONFLICT (aggregate, id) DO UPDATE SET version = streams.version
    RETURNING no
)
INSERT INTO {schema}.snapshots (stream, version, event_id, format, taken_at, payload)
SELECT no, $3, $4, $5, $6, $7
FROM (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND id = $2 UNION ALL SELECT no FROM new_stream) AS of_stream
ON CONFLICT (stream, version) DO UPDATE
SET event_id = excluded.event_id, format = excluded.format, taken_at = excluded.taken_at, payload = excluded.payload
