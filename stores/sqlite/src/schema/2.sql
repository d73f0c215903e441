-- Version 2 of the schema: projections. A later version is a file of its own; this one stays as it is.

-- How far each projection has come. What is null is not known before its read model is made.
CREATE TABLE projections (
    name TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL, -- one more for each projector that has had it: an earlier one cannot write any more
    version INTEGER,
    journal TEXT,
    position_epoch INTEGER,
    position INTEGER,
    -- the last event that it has seen
    aggregate TEXT,
    stream TEXT,
    stream_version INTEGER,
    event_id BLOB
) STRICT, WITHOUT ROWID;

-- Events that projections have put aside, each with the error, or behind one of the same stream.
CREATE TABLE parked_events (
    projection TEXT NOT NULL,
    position_epoch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    aggregate TEXT NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    event TEXT NOT NULL,
    event_id BLOB NOT NULL,
    error TEXT,
    parked_at INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (projection, position_epoch, position)
) STRICT, WITHOUT ROWID;
