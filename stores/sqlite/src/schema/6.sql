-- Version 6 of the schema: ids in one narrow table, entered by the block. A later version is a file of its own; this one stays
-- as it is.

-- Where the events are with an id, and those with a command id: by eight bytes of it. The others of a UUIDv7 say little
-- more: the first one is the same for decades, and before the last three come random ones. They are looked at in the event itself.
--
-- Ids are entered when a block of 64 positions is full, all of it at once: an event whose position is above the last
-- multiple of 64 is not in here yet. So an append changes two pages in place of three or four.
CREATE TABLE journal_ids (
    part BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (part, position)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO journal_ids
SELECT CAST(substr(id, 2, 5) || substr(id, 14, 3) AS BLOB), position
FROM events INDEXED BY events_by_id
WHERE position <= (SELECT max(position) FROM events) / 64 * 64
ORDER BY id;

INSERT OR IGNORE INTO journal_ids
SELECT CAST(substr(command_id, 2, 5) || substr(command_id, 14, 3) AS BLOB), position
FROM events INDEXED BY events_by_command
WHERE command_id IS NOT NULL AND position <= (SELECT max(position) FROM events) / 64 * 64
ORDER BY command_id;

DROP INDEX events_by_id;
DROP INDEX events_by_command;
