-- Version 1 of the schema. A later version is a file of its own; this one stays as it is.

-- One row: which journal this is.
CREATE TABLE {schema}.meta (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    es_schema_version integer NOT NULL,
    journal uuid NOT NULL,
    -- One more for each time that the tables were restored where ids of transactions may start anew.
    generation bigint NOT NULL,
    -- Where they are known to be.
    system_identifier bigint NOT NULL,
    database oid NOT NULL
);

INSERT INTO {schema}.meta (es_schema_version, journal, generation, system_identifier, database)
SELECT 0, gen_random_uuid(), 0, system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system();

-- The end of each stream; 0 is the version of one without events. An append locks the rows of its streams, so an
-- expected version is compared with this row, and no event is read.
CREATE TABLE {schema}.streams (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    -- Of the last event.
    epoch bigint NOT NULL DEFAULT 0,
    recorded_at bigint NOT NULL DEFAULT -9223372036854775808,
    UNIQUE (aggregate, id)
) WITH (fillfactor = 70);

-- What an event is: of which aggregate, its name, the version of its shape, the format of its payload.
CREATE TABLE {schema}.kinds (
    no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    format text COLLATE "C" NOT NULL,
    UNIQUE (aggregate, name, version, format)
);

-- The order of the journal is (epoch, number). The epoch is the id of the transaction that wrote the event, above the
-- generation in the upper 16 bits: a reader takes the events of transactions before the oldest one that still runs.
CREATE TABLE {schema}.events (
    epoch bigint NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    stream bigint NOT NULL,
    version bigint NOT NULL,
    recorded_at bigint NOT NULL, -- microseconds since 1970
    id uuid NOT NULL,
    kind integer NOT NULL,
    -- JSON is kept as the text that it was, so that a person can read it and it comes back as it was.
    payload json,
    -- What is not JSON.
    payload_bytes bytea,
    actor text,
    command_id uuid,
    correlation_id uuid,
    causation_id uuid,
    extra json, -- an object; an array of the actor and an object where a text cannot hold the actor
    PRIMARY KEY (epoch, number)
);

CREATE UNIQUE INDEX events_by_version ON {schema}.events (stream, version);
CREATE UNIQUE INDEX events_by_id ON {schema}.events (id);
-- The command first: ids of commands grow with time, so new entries stand side by side and fill their pages.
CREATE INDEX events_by_command ON {schema}.events (command_id, stream) WHERE command_id IS NOT NULL;

CREATE FUNCTION {schema}.events_never_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'events are never changed or deleted';
END $body$;

CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE ON {schema}.events
FOR EACH ROW EXECUTE FUNCTION {schema}.events_never_change();

CREATE TRIGGER events_are_never_emptied BEFORE TRUNCATE ON {schema}.events
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.events_never_change();

CREATE TABLE {schema}.snapshots (
    stream bigint NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    format text COLLATE "C" NOT NULL,
    taken_at bigint NOT NULL, -- microseconds since 1970
    payload bytea NOT NULL,
    PRIMARY KEY (stream, version)
);

-- The journal for people.
CREATE VIEW {schema}.journal AS
SELECT
    events.epoch,
    events.number,
    timestamptz 'epoch' + events.recorded_at * interval '1 microsecond' AS recorded_at,
    streams.aggregate,
    streams.id AS stream,
    events.version,
    kinds.name AS event,
    kinds.version AS event_version,
    events.payload,
    events.payload_bytes,
    events.actor,
    events.command_id,
    events.correlation_id,
    events.causation_id,
    events.extra,
    events.id
FROM {schema}.events
-- A damaged row is shown too.
LEFT JOIN {schema}.streams ON streams.no = events.stream
LEFT JOIN {schema}.kinds ON kinds.no = events.kind
ORDER BY events.epoch, events.number;

-- Several appends in one statement. Each is written as a whole or not at all, and has an answer of its own.
--
-- Streams stand once each. A part is what one append has for one stream: the parts of an append stand together, and
-- their events in the same order. Numbers count from 1; an expected version that is null is any. Arrays of what no event has may be empty.
CREATE FUNCTION {schema}.append(
    stream_aggregates text[],
    stream_ids text[],
    part_appends integer[],
    part_streams integer[],
    part_expected bigint[],
    part_events integer[],
    event_parts integer[],
    event_ids uuid[],
    event_kinds integer[],
    event_payloads text[],
    event_bytes bytea[],
    event_actors text[],
    event_commands uuid[],
    event_correlations uuid[],
    event_causations uuid[],
    event_extras text[],
    clock bigint,
    -- Of all that was written; null where nothing was.
    OUT written_epoch bigint,
    -- The numbers of all that was written, in order.
    OUT written_numbers bigint[],
    -- For each append: the part whose stream is not as expected, or 0; and when its events were recorded.
    OUT append_conflicts integer[],
    OUT append_times bigint[],
    -- For each part: the version of its stream after it. Where its append was not written, the version before.
    OUT part_versions bigint[]
) LANGUAGE plpgsql AS $body$
#variable_conflict use_column
DECLARE
    stream_count CONSTANT integer := cardinality(stream_ids);
    part_count CONSTANT integer := cardinality(part_streams);
    heads_locked integer := 0;
    head_no bigint[] := array_fill(NULL::bigint, ARRAY[stream_count]);
    head_version bigint[] := array_fill(0::bigint, ARRAY[stream_count]);
    head_epoch bigint[] := array_fill(0::bigint, ARRAY[stream_count]);
    head_time bigint[] := array_fill(clock, ARRAY[stream_count]);
    head_grows boolean[] := array_fill(false, ARRAY[stream_count]);
    -- What makes the number of an event among all events its version; null for what is not written.
    part_base bigint[] := array_fill(NULL::bigint, ARRAY[part_count]);
    part integer := 1;
    first_part integer;
    this_append integer;
    this_stream integer;
    this_time bigint;
    conflict integer;
    events_before bigint := 0;
    latest_epoch bigint := 0;
    head record;
BEGIN
    part_versions := array_fill(0::bigint, ARRAY[part_count]);
    FOR attempt IN 1..2 LOOP
        heads_locked := 0;
        FOR head IN
            SELECT given.at, streams.no, streams.version, streams.epoch, streams.recorded_at
            FROM unnest(stream_aggregates, stream_ids) WITH ORDINALITY AS given (aggregate, id, at)
            JOIN {schema}.streams ON streams.aggregate = given.aggregate AND streams.id = given.id
            ORDER BY streams.no
            FOR UPDATE OF streams
        LOOP
            head_no[head.at] := head.no;
            head_version[head.at] := head.version;
            head_epoch[head.at] := head.epoch;
            head_time[head.at] := head.recorded_at;
            heads_locked := heads_locked + 1;
        END LOOP;
        EXIT WHEN heads_locked = stream_count OR attempt = 2;
        -- What may be written, and what is only expected to be empty, must be there to be locked.
        INSERT INTO {schema}.streams (aggregate, id)
        SELECT DISTINCT stream_aggregates[parts.stream], stream_ids[parts.stream]
        FROM unnest(part_streams, part_expected) AS parts (stream, expected)
        WHERE coalesce(parts.expected, 0) = 0 AND head_no[parts.stream] IS NULL
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING;
    END LOOP;

    WHILE part <= part_count LOOP
        this_append := part_appends[part];
        this_time := clock;
        first_part := part;
        conflict := 0;
        WHILE part <= part_count AND part_appends[part] = this_append LOOP
            this_stream := part_streams[part];
            part_versions[part] := head_version[this_stream];
            IF conflict = 0 AND part_expected[part] <> head_version[this_stream] THEN
                conflict := part;
            END IF;
            IF part_events[part] > 0 AND head_time[this_stream] > this_time THEN
                this_time := head_time[this_stream];
            END IF;
            part := part + 1;
        END LOOP;
        append_conflicts[this_append] := conflict;
        append_times[this_append] := this_time;
        FOR this_part IN first_part..part - 1 LOOP
            IF conflict = 0 AND part_events[this_part] > 0 THEN
                this_stream := part_streams[this_part];
                part_base[this_part] := head_version[this_stream] - events_before;
                head_version[this_stream] := head_version[this_stream] + part_events[this_part];
                head_time[this_stream] := this_time;
                head_grows[this_stream] := true;
                latest_epoch := greatest(latest_epoch, head_epoch[this_stream]);
                part_versions[this_part] := head_version[this_stream];
            END IF;
            events_before := events_before + part_events[this_part];
        END LOOP;
    END LOOP;

    IF NOT true = ANY (head_grows) THEN
        RETURN;
    END IF;
    SELECT (generation << 48) + pg_current_xact_id()::text::bigint INTO STRICT written_epoch FROM {schema}.meta;
    -- While this transaction, which had its id, waited for a stream, one with a later id has written to it. The events
    -- of a stream would not be in their order.
    IF latest_epoch >= written_epoch THEN
        RAISE EXCEPTION 'another append was faster' USING ERRCODE = 'ES001';
    END IF;

    WITH written AS (
        INSERT INTO {schema}.events (
            epoch, stream, version, recorded_at, id, kind, payload, payload_bytes, actor, command_id, correlation_id,
            causation_id, extra
        )
        SELECT
            written_epoch, head_no[part_streams[event.part]], part_base[event.part] + event.at,
            append_times[part_appends[event.part]], event.id, event.kind, event.payload::json, event.bytes, event.actor,
            event.command, event.correlation, event.causation, event.extra::json
        FROM unnest(
            event_parts, event_ids, event_kinds, event_payloads, event_bytes, event_actors, event_commands,
            event_correlations, event_causations, event_extras
        ) WITH ORDINALITY AS event (part, id, kind, payload, bytes, actor, command, correlation, causation, extra, at)
        WHERE part_base[event.part] IS NOT NULL
        ORDER BY event.at
        RETURNING number
    )
    SELECT array_agg(number ORDER BY number) INTO written_numbers FROM written;

    UPDATE {schema}.streams
    SET version = grown.version, epoch = written_epoch, recorded_at = grown.time
    FROM unnest(head_no, head_version, head_time, head_grows) AS grown (no, version, time, grows)
    WHERE grown.grows AND streams.no = grown.no;
END $body$;

UPDATE {schema}.meta SET es_schema_version = 1;
