UPDATE {schema}.streams
SET version = grown.version, epoch = $1, recorded_at = grown.time
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS grown (no, version, time)
WHERE streams.no = grown.no
