-- Whose a job is. What there was before belongs to the project `default`; idempotency keys are a project's own.
ALTER TABLE jobs ADD COLUMN project TEXT NOT NULL DEFAULT 'default';
CREATE INDEX jobs_by_project ON jobs (project, id);

ALTER TABLE idempotency RENAME TO idempotency_before;
DROP INDEX idempotency_by_age;
CREATE TABLE idempotency (
    project    TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    digest     TEXT   NOT NULL,
    job_id     TEXT   NOT NULL REFERENCES jobs (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
INSERT INTO idempotency (project, key, digest, job_id, created_at)
    SELECT 'default', key, digest, job_id, created_at FROM idempotency_before;
DROP TABLE idempotency_before;
