-- Only jobs that wait are looked for by turn and size: the others need no place in these indices.
DROP INDEX jobs_by_turn;
DROP INDEX jobs_tiny;
CREATE INDEX jobs_by_turn ON jobs (project, priority DESC, id) WHERE state = 'queued';
CREATE INDEX jobs_tiny ON jobs (tiny, id) WHERE state = 'queued';
