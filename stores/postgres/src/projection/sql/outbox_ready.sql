SELECT position_epoch, position, ordinal, aggregate, stream, id, type, event
FROM (
    SELECT
        *,
        row_number() OVER in_order AS place,
        sum(octet_length(event)) OVER in_order AS bytes
    FROM (
        SELECT position_epoch, position, ordinal, aggregate, stream, id, type, event
        FROM {schema}.outbox
        WHERE outbox = $1 AND state = 'ready'
            AND (aggregate, stream) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]))
        ORDER BY position_epoch, position, ordinal
        LIMIT $2
    ) AS first_of_them
    WINDOW in_order AS (ORDER BY position_epoch, position, ordinal ROWS UNBOUNDED PRECEDING)
) AS listed
WHERE place = 1 OR bytes <= $5
ORDER BY place
