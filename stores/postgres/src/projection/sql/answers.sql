SELECT occasion, command_id, aggregate, stream, version, decided_at
FROM {schema}.reaction_answers
WHERE reaction = $1
