-- Takes the projection where nobody has it, and makes all that its last holder still has under way come to nothing.
WITH taken AS (
    INSERT INTO {schema}.leases AS lease (projection, epoch, backend, backend_start, expires_at)
    SELECT
        $1, coalesce((SELECT epoch FROM {schema}.projections WHERE name = $1), 0) + 1, pg_backend_pid(),
        (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),
        clock_timestamp() + $2 * interval '1 millisecond'
    ON CONFLICT (projection) DO UPDATE
    SET epoch = greatest(lease.epoch + 1, excluded.epoch), backend = excluded.backend,
        backend_start = excluded.backend_start, expires_at = excluded.expires_at
    WHERE lease.expires_at <= clock_timestamp() OR NOT EXISTS (
        SELECT FROM pg_stat_activity AS activity
        WHERE activity.pid = lease.backend
            AND (activity.backend_start IS NULL OR activity.backend_start = lease.backend_start)
    )
    RETURNING epoch
)
INSERT INTO {schema}.projections (name, epoch)
SELECT $1, epoch FROM taken
ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch
RETURNING epoch
