UPDATE {schema}.outbox SET state = 'sent', error = NULL, changed_at = $6
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) AS sent (epoch, number, ordinal, event)
WHERE outbox.outbox = $1
    AND (outbox.position_epoch, outbox.position, outbox.ordinal) = (sent.epoch, sent.number, sent.ordinal)
    AND outbox.event = sent.event
