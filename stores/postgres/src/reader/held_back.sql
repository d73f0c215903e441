-- The oldest transaction that still runs and has an id: its process, or the name that it was prepared under. Everyone may
-- see which process it is; what else is known of it only its own user and those who may read all settings.
SELECT
    locks.pid,
    prepared.gid,
    activity.datname::text,
    activity.usename::text,
    activity.application_name,
    activity.state,
    extract(epoch FROM clock_timestamp() - coalesce(activity.xact_start, prepared.prepared))::float8 AS age
FROM pg_locks AS locks
LEFT JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = locks.transactionid
WHERE locks.locktype = 'transactionid' AND locks.mode = 'ExclusiveLock' AND locks.granted
AND locks.transactionid = (pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295)::text::xid
