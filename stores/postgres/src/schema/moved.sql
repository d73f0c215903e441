SELECT (meta.system_identifier, meta.database) <> (control.system_identifier, here.oid)
FROM {schema}.meta, pg_control_system() AS control, pg_database AS here
WHERE here.datname = current_database()
