DELETE FROM {schema}.reaction_answers
WHERE reaction = $1 AND occasion = $2
