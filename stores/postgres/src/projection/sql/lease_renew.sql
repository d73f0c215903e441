UPDATE {schema}.leases AS lease
SET expires_at = clock_timestamp() + $3 * interval '1 millisecond', backend = pg_backend_pid(),
    backend_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
FROM unnest($1::text[], $2::bigint[]) AS held (projection, epoch)
WHERE lease.projection = held.projection AND lease.epoch = held.epoch
RETURNING lease.projection, lease.epoch
