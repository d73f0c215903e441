SELECT given.at, streams.no
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (aggregate, id, at)
JOIN {schema}.streams ON streams.aggregate = given.aggregate AND streams.id = given.id
