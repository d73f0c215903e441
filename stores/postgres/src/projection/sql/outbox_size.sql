SELECT
    (SELECT count(*) FROM {schema}.outbox WHERE outbox = $1 AND state = $2),
    first.position_epoch, first.position
FROM (SELECT) AS always
LEFT JOIN LATERAL (
    SELECT position_epoch, position FROM {schema}.outbox
    WHERE outbox = $1 AND state = $2
    ORDER BY position_epoch, position
    LIMIT 1
) AS first ON true
