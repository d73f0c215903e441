SELECT
    (meta.system_identifier, meta.database) <> (control.system_identifier, here.oid),
    -- What `Origin` has. The files are others when tables are made or filled anew, as by a restore.
    concat_ws(
        ' ', control.system_identifier, extract(epoch FROM pg_postmaster_start_time()), here.oid, meta.generation,
        pg_relation_filenode(meta.tableoid),
        (SELECT pg_relation_filenode(streams.tableoid) FROM {schema}.streams LIMIT 1),
        (SELECT pg_relation_filenode(kinds.tableoid) FROM {schema}.kinds LIMIT 1)
    )
FROM {schema}.meta, pg_control_system() AS control, pg_database AS here
WHERE here.datname = current_database()
