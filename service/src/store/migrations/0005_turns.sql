-- Who is next: the highest priority of each project, and tiny jobs wherever they stand in the queue.
ALTER TABLE jobs ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN tiny     BIGINT NOT NULL DEFAULT 0;
CREATE INDEX jobs_by_turn ON jobs (state, project, priority DESC, id);
CREATE INDEX jobs_by_age ON jobs (state, project, id);
CREATE INDEX jobs_tiny ON jobs (state, tiny, id);
