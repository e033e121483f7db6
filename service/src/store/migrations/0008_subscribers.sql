-- What is due is looked for by webhook, so that one with much to hear holds up no other.
DROP INDEX deliveries_by_time;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook, due_at);
