-- Commits something, where the server waits for standbys: what was committed before has then reached them too.
UPDATE {schema}.meta SET one = true WHERE current_setting('synchronous_standby_names') <> ''
