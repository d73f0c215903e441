-- Version 3 of the schema: reactions. A later version is a file of its own; this one stays as it is.

-- Timers that reactions have set, each for an event. What a reaction is called is its name in `projections`.
CREATE TABLE {schema}.reaction_timers (
    reaction text COLLATE "C" NOT NULL,
    aggregate text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    due bigint NOT NULL, -- microseconds since 1970
    event_id uuid NOT NULL,
    version bigint NOT NULL,
    event_index bigint NOT NULL,
    error text, -- why it was put aside
    PRIMARY KEY (reaction, aggregate, stream, name)
);

CREATE INDEX reaction_timers_by_due ON {schema}.reaction_timers (reaction, (error IS NOT NULL), due);

-- Commands of reactions that left nothing in the journal, each with the state that it was decided on, until what it was
-- sent on has been reacted to.
CREATE TABLE {schema}.reaction_answers (
    reaction text COLLATE "C" NOT NULL,
    command_id uuid NOT NULL,
    occasion uuid NOT NULL,
    aggregate text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    decided_at bigint NOT NULL, -- microseconds since 1970
    PRIMARY KEY (reaction, command_id)
);

UPDATE {schema}.meta SET es_schema_version = 3;
