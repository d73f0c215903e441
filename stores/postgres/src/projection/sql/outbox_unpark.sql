UPDATE {schema}.outbox SET state = 'ready', attempts = 0, error = NULL, changed_at = NULL
WHERE outbox = $1 AND state = 'parked' AND ($2::text IS NULL OR (aggregate = $2 AND stream = $3))
