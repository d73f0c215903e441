DELETE FROM {schema}.reaction_timers
WHERE reaction = $1 AND aggregate = $2 AND stream = $3 AND name = $4
