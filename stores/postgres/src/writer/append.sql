-- The order in which the function begins streams is that of its arguments' collation: by their bytes, as `usual.sql` has them,
-- and not as the database sorts. Appends at the same time wait for each other, and not in a circle.
SELECT written_epoch, written_numbers, append_conflicts, append_times, part_versions
FROM {schema}.append(
    $1 COLLATE "C", $2 COLLATE "C", $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
)
