-- Whether somebody has the projection: one that renews its lease, and whose connection is there.
SELECT EXISTS (
    SELECT FROM {schema}.leases AS lease
    JOIN pg_stat_activity AS activity ON activity.pid = lease.backend
    WHERE lease.projection = $1 AND lease.expires_at > clock_timestamp()
        AND (activity.backend_start IS NULL OR activity.backend_start = lease.backend_start)
)
