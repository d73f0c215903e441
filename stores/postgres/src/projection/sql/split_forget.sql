-- The parts of any other number.
DELETE FROM {schema}.projections
WHERE starts_with(name, $1 || '#') AND right(name, length($2) + 1) <> '/' || $2
