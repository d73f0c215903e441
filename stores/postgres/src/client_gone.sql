-- Has the server notice that a client is gone, so that what it has locked, and what it has open, holds up nobody for long.

-- One whose host died, or cannot be reached: within half a minute.
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 4;
SET tcp_user_timeout = 30000;
-- One that does nothing within a transaction: readers wait for it.
SET idle_in_transaction_session_timeout = {idle_timeout};
-- One that went away while a statement runs; from version 14 on, and where the system can tell.
DO $$
BEGIN
    PERFORM set_config('client_connection_check_interval', '10s', false);
EXCEPTION WHEN OTHERS THEN
    NULL;
END
$$;
