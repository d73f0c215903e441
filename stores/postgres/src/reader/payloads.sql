-- The same as stream.sql without what makes up no state: rows that are short are sooner sent and read.
SELECT epoch, number, stream, version, recorded_at, id, kind, payload, payload_bytes
FROM {schema}.events
WHERE stream = (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND streams.id = $2)
AND version BETWEEN $3 AND $4
ORDER BY version
LIMIT $5
