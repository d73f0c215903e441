UPDATE {schema}.outbox SET state = 'sent', error = NULL, changed_at = $5
WHERE outbox = $1
    AND (position_epoch, position, ordinal) IN (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]))
