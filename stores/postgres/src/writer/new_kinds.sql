INSERT INTO {schema}.kinds (aggregate, name, version, format)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) ORDER BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
