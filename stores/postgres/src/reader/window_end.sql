-- The last of the events after a position that a page looked at, if it did not look at all.
SELECT epoch, number
FROM {schema}.events
WHERE (epoch, number) > ($1, $2) AND epoch < $3
ORDER BY epoch, number
OFFSET $4 LIMIT 1
