-- Version 5 of the schema: outboxes. A later version is a file of its own; this one stays as it is.

-- Messages that are to be sent, in the order of positions and ordinals.
CREATE TABLE {schema}.outbox (
    outbox text COLLATE "C" NOT NULL,
    position_epoch bigint NOT NULL,
    position bigint NOT NULL, -- of the event that it was made of
    ordinal bigint NOT NULL, -- which one it is of that event
    state text NOT NULL CHECK (state IN ('ready', 'parked', 'sent')),
    aggregate text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    error text, -- why it is parked; null where it stands behind another one of its stream
    changed_at bigint, -- when it was parked or sent: microseconds since 1970
    event text NOT NULL, -- the whole message, as JSON
    PRIMARY KEY (outbox, position_epoch, position, ordinal)
);

CREATE INDEX outbox_by_state ON {schema}.outbox (outbox, state, position_epoch, position, ordinal);

UPDATE {schema}.meta SET es_schema_version = 5;
