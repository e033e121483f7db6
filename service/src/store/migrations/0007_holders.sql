-- With which key a job was ordered, or where there are no keys for which project: whose limit of waiting jobs it counts for.
ALTER TABLE jobs ADD COLUMN holder TEXT NOT NULL DEFAULT '';
UPDATE jobs SET holder = project WHERE state IN ('queued', 'starting', 'running', 'stopping');
-- The state stands in it too, so that SQLite counts without a look at the rows.
CREATE INDEX jobs_by_holder ON jobs (holder, state) WHERE state = 'queued';
