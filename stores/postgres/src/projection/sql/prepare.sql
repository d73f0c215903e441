-- What goes with others in one message. Such statements can have no parameters, and those of an EXECUTE are texts.

PREPARE es_begin (text, bigint) AS
-- The lock is in nobody's way; others see by it whether the transaction is still there.
SELECT set_config('es.transaction', $1, true), pg_advisory_xact_lock_shared($2);

PREPARE es_load (text, bigint) AS
{load};

PREPARE es_save (text, bigint, text, bigint, uuid, bigint, bigint, text, text, bigint, uuid) AS
WITH saved (may_commit) AS (
{save}
)
-- An error where nothing was saved: then nothing is done of what follows in the message.
SELECT 1 / count(may_commit) FROM saved;

PREPARE es_check (text) AS
SELECT
    set_config('es.may_commit', 'on', true),
    1 / CASE WHEN current_setting('es.transaction', true) = $1 THEN 1 ELSE 0 END;
