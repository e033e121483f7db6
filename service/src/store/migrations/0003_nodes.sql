-- Who works on the jobs, as they told last, and whether they shall take no more.
CREATE TABLE nodes (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    version    TEXT   NOT NULL,
    cores      BIGINT NOT NULL,
    cores_used BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    drain      BIGINT NOT NULL DEFAULT 0
);

-- What belongs to this store and to no other.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
