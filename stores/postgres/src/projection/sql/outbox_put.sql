INSERT INTO {schema}.outbox
    (outbox, position_epoch, position, ordinal, state, aggregate, stream, id, type, event)
SELECT $1, message.epoch, message.number, message.ordinal, 'ready', message.aggregate, message.stream, message.id,
    message.type, message.event
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
    AS message (epoch, number, ordinal, aggregate, stream, id, type, event)
ON CONFLICT (outbox, position_epoch, position, ordinal) DO UPDATE
SET state = 'ready', aggregate = excluded.aggregate, stream = excluded.stream, id = excluded.id, type = excluded.type,
    attempts = 0, error = NULL, changed_at = NULL, event = excluded.event
