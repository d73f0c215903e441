-- Version 6 of the schema: what outboxes keep is found by its time. A later version is a file of its own; this one stays as
-- it is.

CREATE INDEX outbox_by_time ON {schema}.outbox (outbox, changed_at) WHERE state = 'sent';

UPDATE {schema}.meta SET es_schema_version = 6;
