WITH of_stream AS (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND id = $2)
DELETE FROM {schema}.snapshots
WHERE stream = (SELECT no FROM of_stream)
AND version NOT IN (
    SELECT version FROM {schema}.snapshots
    WHERE stream = (SELECT no FROM of_stream)
    ORDER BY version DESC
    LIMIT $3
)
