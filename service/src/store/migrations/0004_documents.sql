-- What the service keeps beside jobs: keys, models' entries, batches, webhooks. `body` is JSON; `found_by` is another name
-- that a document is found by over all projects (of a key the hash).
CREATE TABLE documents (
    kind     TEXT NOT NULL,
    project  TEXT NOT NULL,
    id       TEXT NOT NULL,
    found_by TEXT,
    body     TEXT NOT NULL,
    PRIMARY KEY (kind, project, id)
);
CREATE UNIQUE INDEX documents_by_name ON documents (kind, found_by) WHERE found_by IS NOT NULL;

-- Changes of state that webhooks are still to be told of, each written in the transaction of the change.
CREATE TABLE deliveries (
    id       TEXT   NOT NULL PRIMARY KEY,
    project  TEXT   NOT NULL,
    webhook  TEXT   NOT NULL,
    job_id   TEXT   NOT NULL,
    event_id BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    attempts BIGINT NOT NULL,
    due_at   BIGINT NOT NULL
);
CREATE INDEX deliveries_by_time ON deliveries (due_at);
