-- Version 2 of the schema: projections. A later version is a file of its own; this one stays as it is.

-- How far each projection has come. What is null is not known before its read model is made.
CREATE TABLE {schema}.projections (
    name text COLLATE "C" PRIMARY KEY,
    -- One more for each projector that has had it: an earlier one cannot write any more.
    epoch bigint NOT NULL,
    version bigint,
    journal uuid,
    position_epoch bigint,
    position bigint,
    -- The last event that it has seen.
    aggregate text COLLATE "C",
    stream text COLLATE "C",
    stream_version bigint,
    event_id uuid,
    -- In how many parts it is split; each has a row of its own, named as `balances#0/4`.
    partitions integer NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

-- Who has each projection. A lease that is not renewed in time is free, and so is one whose connection is gone.
CREATE TABLE {schema}.leases (
    projection text COLLATE "C" PRIMARY KEY,
    epoch bigint NOT NULL,
    backend integer,
    backend_start timestamptz,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Events that projections have put aside, each with the error, or behind one of the same stream.
CREATE TABLE {schema}.parked_events (
    projection text COLLATE "C" NOT NULL,
    position_epoch bigint NOT NULL,
    position bigint NOT NULL,
    aggregate text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    event text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    error text,
    parked_at bigint NOT NULL, -- microseconds since 1970
    PRIMARY KEY (projection, position_epoch, position)
);

-- A projection that ends its transaction itself would leave its checkpoint behind. `es.transaction` is set in the transactions
-- of projections, and `es.may_commit` at their end.
CREATE FUNCTION {schema}.projections_do_not_commit() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF coalesce(current_setting('es.transaction', true), '') <> ''
        AND coalesce(current_setting('es.may_commit', true), '') <> 'on'
    THEN
        RAISE EXCEPTION 'a projection does not end its transaction';
    END IF;
    RETURN NULL;
END $body$;

CREATE CONSTRAINT TRIGGER projections_do_not_commit AFTER UPDATE ON {schema}.projections
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.projections_do_not_commit();

UPDATE {schema}.meta SET es_schema_version = 2;
