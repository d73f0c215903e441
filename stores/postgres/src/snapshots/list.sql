SELECT
    snapshots.version, snapshots.event_id, snapshots.taken_at, snapshots.payload, streams.aggregate, streams.id,
    snapshots.format
FROM {schema}.snapshots
JOIN {schema}.streams ON streams.no = snapshots.stream
WHERE $1::text IS NULL
OR (snapshots.stream, snapshots.version) > ((SELECT no FROM {schema}.streams WHERE aggregate = $1 AND id = $2), $3::bigint)
ORDER BY snapshots.stream, snapshots.version
LIMIT $4
