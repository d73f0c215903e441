-- Ends the connection that has the row of the projection locked: its holder is gone, or cannot be reached.
SELECT pg_terminate_backend(lock.pid)
FROM {schema}.projections AS projection
JOIN pg_locks AS lock ON lock.locktype = 'transactionid' AND lock.transactionid = projection.xmax AND lock.granted
WHERE projection.name = $1
