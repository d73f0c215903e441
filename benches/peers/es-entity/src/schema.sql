-- As es-entity's documentation has them.
DROP TABLE IF EXISTS account_events, accounts, saved_account_events, saved_account_snapshots, saved_accounts;

CREATE TABLE accounts (
    id UUID PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE account_events (
    id UUID NOT NULL REFERENCES accounts (id),
    sequence INT NOT NULL,
    event_type VARCHAR NOT NULL,
    event JSONB NOT NULL,
    context JSONB DEFAULT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    UNIQUE (id, sequence)
);

-- The same with snapshots.
CREATE TABLE saved_accounts (
    id UUID PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE saved_account_events (
    id UUID NOT NULL REFERENCES saved_accounts (id),
    sequence INT NOT NULL,
    event_type VARCHAR NOT NULL,
    event JSONB NOT NULL,
    context JSONB DEFAULT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    UNIQUE (id, sequence)
);

CREATE TABLE saved_account_snapshots (
    id UUID PRIMARY KEY REFERENCES saved_accounts (id),
    sequence INT NOT NULL,
    fingerprint BIGINT NOT NULL,
    snapshot JSONB NOT NULL,
    first_recorded_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL
);
