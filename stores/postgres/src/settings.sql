-- What each connection of a store is set to.

-- An append looks at what others have committed while it waited for them.
SET default_transaction_isolation = 'read committed';
-- That a commit was not confirmed by a standby is said by a warning, and by nothing else.
SET client_min_messages = warning;
SET statement_timeout = {statement_timeout};
-- All that is asked goes by an index, and by the same one however large the tables are when it is planned.
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
