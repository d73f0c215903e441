SELECT min(version), max(version)
FROM (
    SELECT version
    FROM {schema}.events
    WHERE command_id = $3 AND stream = (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND streams.id = $2)
    -- Keeps the planner from looking for the least and the greatest along the whole stream.
    OFFSET 0
) AS of_command
