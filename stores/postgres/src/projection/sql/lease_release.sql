UPDATE {schema}.leases SET backend = NULL, backend_start = NULL, expires_at = clock_timestamp()
WHERE projection = $1 AND epoch = $2
