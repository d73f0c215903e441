-- The ends of streams, locked.
SELECT given.at, streams.no, streams.version, streams.epoch, streams.recorded_at
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (aggregate, id, at)
JOIN {schema}.streams ON streams.aggregate = given.aggregate AND streams.id = given.id
ORDER BY streams.no
FOR UPDATE OF streams
