DELETE FROM {schema}.snapshots
WHERE stream = (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND id = $2) AND version BETWEEN $3 AND $4
