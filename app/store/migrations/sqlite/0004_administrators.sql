-- Token pairs of several administrators, and what self-checks wrote and found in the portals.
ALTER TABLE pairs ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE pairs ADD COLUMN user_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pairs ADD COLUMN dead TEXT NOT NULL DEFAULT '';         -- why it works no more; '' while it does
ALTER TABLE pairs ADD COLUMN given BIGINT NOT NULL DEFAULT 0;       -- when its administrator left it
UPDATE pairs SET client_id = substr(substr(key, length(portal) + 2), 1, instr(substr(key, length(portal) + 2), '/') - 1),
  user_id = CAST(substr(substr(key, length(portal) + 2), instr(substr(key, length(portal) + 2), '/') + 1) AS INTEGER);
-- A check of tomorrow held back a setup of today.
UPDATE inbox SET part = 'setup-check' WHERE kind = 'setup-check' AND state = 0;
CREATE INDEX pairs_portal ON pairs (portal, client_id);
ALTER TABLE applications ADD COLUMN installed BIGINT NOT NULL DEFAULT 0; -- the oldest one that works does the work
ALTER TABLE portals ADD COLUMN note TEXT NOT NULL DEFAULT '';       -- why it is paused
CREATE TABLE registered (
  portal    TEXT NOT NULL,
  client_id TEXT NOT NULL,
  data      TEXT NOT NULL,                      -- what the application has written in the portal: JSON
  PRIMARY KEY (portal, client_id)
);
CREATE TABLE checks (
  portal TEXT PRIMARY KEY,
  at     BIGINT NOT NULL,
  report TEXT NOT NULL                          -- of the latest self-check: JSON
);
