-- Events: what is remembered of a card lets a stage that was only passed through be told, the bridge's own
-- writes be known and work be found that waits for the same look.
ALTER TABLE cards DROP COLUMN own_stage;
ALTER TABLE cards ADD COLUMN history BIGINT NOT NULL DEFAULT 0;  -- last seen row of the stage history; 0: not known
ALTER TABLE cards ADD COLUMN moved BIGINT NOT NULL DEFAULT 0;    -- when it came to its stage, as the card says
ALTER TABLE cards ADD COLUMN updated BIGINT NOT NULL DEFAULT 0;  -- when it was changed last, as the card says
ALTER TABLE cards ADD COLUMN looked BIGINT NOT NULL DEFAULT 0;   -- the portal's clock when it was read; 0: not told
ALTER TABLE cards ADD COLUMN own TEXT NOT NULL DEFAULT '';       -- the bridge's own writes that no look has met yet, JSON
ALTER TABLE cards ADD COLUMN gone SMALLINT NOT NULL DEFAULT 0;   -- 1: it was deleted
ALTER TABLE cards ADD COLUMN version BIGINT NOT NULL DEFAULT 0;  -- grows with every own write
CREATE INDEX inbox_events ON inbox (lane, part) WHERE state = 0 AND kind = 'event';
CREATE TABLE sweeps (
  portal TEXT PRIMARY KEY,
  upto   BIGINT NOT NULL                        -- the portal's clock: what changed before was looked at
);
