INSERT INTO {schema}.streams (aggregate, id)
SELECT given.aggregate, given.id
FROM unnest($1::text[], $2::text[]) AS given (aggregate, id)
WHERE NOT EXISTS (SELECT FROM {schema}.streams WHERE streams.aggregate = given.aggregate AND streams.id = given.id)
-- By their bytes, as `usual.sql` has them: appends at the same time wait for each other, and not in a circle.
ORDER BY given.aggregate COLLATE "C", given.id COLLATE "C"
ON CONFLICT DO NOTHING
