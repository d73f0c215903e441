DELETE FROM {schema}.outbox WHERE outbox = $1 AND state = 'parked' AND id = $2 RETURNING aggregate, stream
