DELETE FROM {schema}.outbox WHERE outbox = $1 AND state IN ('ready', 'parked')
