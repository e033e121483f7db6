-- A job: what was ordered (ticket) and where it stands (job), both as JSON, and the columns that claims and lists read.
-- Times are milliseconds since 1970; ids sort by time of submission.
CREATE TABLE jobs (
    id          TEXT   NOT NULL PRIMARY KEY,
    state       TEXT   NOT NULL,
    cores       BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    wish        TEXT,
    lease_node  TEXT,
    lease_until BIGINT,
    expires_at  BIGINT,
    ticket      TEXT   NOT NULL,
    job         TEXT   NOT NULL
);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_lease ON jobs (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_by_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE tags (
    tag    TEXT NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    PRIMARY KEY (tag, job_id)
) WITHOUT ROWID;

-- The log: numbered from 1 within a job, without gaps. `body` is the event as clients get it.
CREATE TABLE events (
    job_id TEXT   NOT NULL REFERENCES jobs (id),
    id     BIGINT NOT NULL,
    kind   TEXT   NOT NULL,
    body   TEXT   NOT NULL,
    PRIMARY KEY (job_id, id)
) WITHOUT ROWID;

-- Bodies small enough for a row; larger ones are files.
CREATE TABLE bodies (
    key   TEXT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
);

CREATE TABLE idempotency (
    key        TEXT   NOT NULL PRIMARY KEY,
    digest     TEXT   NOT NULL,
    job_id     TEXT   NOT NULL REFERENCES jobs (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
