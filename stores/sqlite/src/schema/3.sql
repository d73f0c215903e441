-- Version 3 of the schema: reactions. A later version is a file of its own; this one stays as it is.

-- Timers that reactions have set, each for an event. What a reaction is called is its name in `projections`.
CREATE TABLE reaction_timers (
    reaction TEXT NOT NULL,
    aggregate TEXT NOT NULL,
    stream TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL, -- microseconds since 1970
    event_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    event_index INTEGER NOT NULL,
    error TEXT, -- why it was put aside
    PRIMARY KEY (reaction, aggregate, stream, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX reaction_timers_by_due ON reaction_timers (reaction, error IS NOT NULL, due);

-- Commands of reactions that left nothing in the journal, each with the state that it was decided on, until what it was
-- sent on has been reacted to.
CREATE TABLE reaction_answers (
    reaction TEXT NOT NULL,
    command_id BLOB NOT NULL,
    occasion BLOB NOT NULL,
    aggregate TEXT NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    decided_at INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (reaction, command_id)
) STRICT, WITHOUT ROWID;
