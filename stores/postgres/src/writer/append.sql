SELECT written_epoch, written_numbers, append_conflicts, append_times, part_versions
FROM {schema}.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
