INSERT INTO {schema}.reaction_answers (reaction, command_id, occasion, aggregate, stream, version, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (reaction, command_id) DO UPDATE
SET occasion = excluded.occasion, aggregate = excluded.aggregate, stream = excluded.stream, version = excluded.version,
    decided_at = excluded.decided_at
