INSERT INTO {schema}.streams (aggregate, id)
SELECT given.aggregate, given.id
FROM unnest($1::text[], $2::text[]) AS given (aggregate, id)
WHERE NOT EXISTS (SELECT FROM {schema}.streams WHERE streams.aggregate = given.aggregate AND streams.id = given.id)
ORDER BY 1, 2
ON CONFLICT DO NOTHING
