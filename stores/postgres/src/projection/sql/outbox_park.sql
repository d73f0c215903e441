UPDATE {schema}.outbox SET state = 'parked', attempts = $5, error = $6, changed_at = $7
WHERE outbox = $1 AND position_epoch = $2 AND position = $3 AND ordinal = $4 AND state = 'ready' AND id = $8
