-- Version 4 of the schema: outboxes. A later version is a file of its own; this one stays as it is.

-- Messages that are to be sent, in the order of positions and ordinals.
CREATE TABLE outbox (
    outbox TEXT NOT NULL,
    position_epoch INTEGER NOT NULL,
    position INTEGER NOT NULL, -- of the event that it was made of
    ordinal INTEGER NOT NULL, -- which one it is of that event
    state TEXT NOT NULL CHECK (state IN ('ready', 'parked', 'sent')),
    aggregate TEXT NOT NULL,
    stream TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT, -- why it is parked; null where it stands behind another one of its stream
    changed_at INTEGER, -- when it was parked or sent: microseconds since 1970
    event TEXT NOT NULL, -- the whole message, as JSON
    PRIMARY KEY (outbox, position_epoch, position, ordinal)
) STRICT;

CREATE INDEX outbox_by_state ON outbox (outbox, state, position_epoch, position, ordinal);
