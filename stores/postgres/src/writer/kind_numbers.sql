SELECT given.at, kinds.no
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS given (aggregate, name, version, format, at)
JOIN {schema}.kinds USING (aggregate, name, version, format)
