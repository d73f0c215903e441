-- How a transaction is set that migrates, whatever is usual on the server or for the role.

-- It sees what others have migrated while it waited for them.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
-- Nobody knows how long it takes. `transaction_timeout` is not known to older servers. The limit on idling stays: it ends only one
-- whose client is gone, which all others would wait for.
SELECT set_config(name, '0', true)
FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout');
