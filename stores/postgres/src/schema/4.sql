-- Version 4 of the schema: slices of streams. A later version is a file of its own; this one stays as it is.

-- The slice of a stream, as `StreamId::slice` has it: FNV-1a of 32 bits, folded.
CREATE FUNCTION {schema}.slice_of(aggregate text, id text) RETURNS smallint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
    bytes CONSTANT bytea := convert_to(aggregate || '/' || id, 'UTF8');
    hash bigint := 2166136261;
BEGIN
    FOR at IN 0..octet_length(bytes) - 1 LOOP
        hash := ((hash # get_byte(bytes, at)) * 16777619) & 4294967295;
    END LOOP;
    RETURN (hash # (hash >> 10) # (hash >> 20)) & 1023;
END $body$;

ALTER TABLE {schema}.streams
ADD COLUMN slice smallint NOT NULL GENERATED ALWAYS AS ({schema}.slice_of(aggregate, id)) STORED;

UPDATE {schema}.meta SET es_schema_version = 4;
