-- Version 1 of the schema. A later version is a file of its own; this one stays as it is.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE streams (
    no INTEGER PRIMARY KEY,
    aggregate TEXT NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (aggregate, id)
) STRICT;

-- What an event is: of which aggregate, its name, the version of its shape, the format of its payload.
CREATE TABLE kinds (
    no INTEGER PRIMARY KEY,
    aggregate TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    format TEXT NOT NULL,
    UNIQUE (aggregate, name, version, format)
) STRICT;

-- The payload is a TEXT where it is JSON, so that a person can read it, and a BLOB otherwise. It stands last, so that
-- the other columns are read without it.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, -- microseconds since 1970
    id BLOB NOT NULL,
    actor TEXT,
    command_id BLOB,
    correlation_id BLOB,
    causation_id BLOB,
    extra TEXT, -- a JSON object
    payload ANY NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_by_version ON events (stream, version);
CREATE UNIQUE INDEX events_by_id ON events (id);
-- The command first: ids of commands grow with time, so new entries stand side by side and fill their pages.
CREATE INDEX events_by_command ON events (command_id, stream) WHERE command_id IS NOT NULL;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

CREATE TABLE snapshots (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    format TEXT NOT NULL,
    taken_at INTEGER NOT NULL, -- microseconds since 1970
    payload BLOB NOT NULL,
    PRIMARY KEY (stream, version)
) STRICT;

-- The journal for people.
CREATE VIEW journal AS
SELECT
    position,
    strftime('%Y-%m-%dT%H:%M:%S', (recorded_at - micros) / 1000000, 'unixepoch') || printf('.%06dZ', micros) AS recorded_at,
    aggregate,
    stream,
    version,
    event,
    event_version,
    payload,
    actor,
    substr(command, 1, 8) || '-' || substr(command, 9, 4) || '-' || substr(command, 13, 4) || '-' || substr(command, 17, 4) || '-' || substr(command, 21) AS command_id,
    substr(correlation, 1, 8) || '-' || substr(correlation, 9, 4) || '-' || substr(correlation, 13, 4) || '-' || substr(correlation, 17, 4) || '-' || substr(correlation, 21) AS correlation_id,
    substr(causation, 1, 8) || '-' || substr(causation, 9, 4) || '-' || substr(causation, 13, 4) || '-' || substr(causation, 17, 4) || '-' || substr(causation, 21) AS causation_id,
    extra,
    substr(event_id, 1, 8) || '-' || substr(event_id, 9, 4) || '-' || substr(event_id, 13, 4) || '-' || substr(event_id, 17, 4) || '-' || substr(event_id, 21) AS id
FROM (
    SELECT
        events.position,
        events.recorded_at,
        ((events.recorded_at % 1000000) + 1000000) % 1000000 AS micros,
        streams.aggregate,
        streams.id AS stream,
        events.version,
        kinds.name AS event,
        kinds.version AS event_version,
        events.payload,
        events.actor,
        iif(events.command_id IS NULL, NULL, lower(hex(events.command_id))) AS command,
        iif(events.correlation_id IS NULL, NULL, lower(hex(events.correlation_id))) AS correlation,
        iif(events.causation_id IS NULL, NULL, lower(hex(events.causation_id))) AS causation,
        events.extra,
        lower(hex(events.id)) AS event_id
    FROM events
    -- A damaged row is shown too.
    LEFT JOIN streams ON streams.no = events.stream
    LEFT JOIN kinds ON kinds.no = events.kind
)
ORDER BY position;
