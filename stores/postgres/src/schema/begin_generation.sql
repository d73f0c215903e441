-- Of two connections that find it out at the same time one is the first: the other compares again.
UPDATE {schema}.meta
SET generation = generation + 1, system_identifier = control.system_identifier, database = here.oid
FROM pg_control_system() AS control, pg_database AS here
WHERE here.datname = current_database()
AND (meta.system_identifier, meta.database) <> (control.system_identifier, here.oid)
