-- Version 5 of the schema: what outboxes keep is found by its time. A later version is a file of its own; this one stays as
-- it is.

CREATE INDEX outbox_by_time ON outbox (outbox, changed_at) WHERE state = 'sent';
