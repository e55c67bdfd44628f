-- The first schema. Times are Unix milliseconds; sealed columns are AES-256-GCM bound to their row.
CREATE TABLE key_check (
  id     INTEGER PRIMARY KEY,                   -- 1
  sealed BYTEA NOT NULL                          -- opens only under the key that this database was begun with
);
CREATE TABLE portals (
  id               TEXT PRIMARY KEY,            -- member_id
  domain           TEXT NOT NULL DEFAULT '',
  endpoint         TEXT NOT NULL DEFAULT '',    -- client_endpoint, as an authorization server confirmed it
  server           TEXT NOT NULL DEFAULT '',
  state            TEXT NOT NULL,               -- active, paused, removed
  family           TEXT NOT NULL DEFAULT '',    -- LICENSE_FAMILY: decides the rate budget
  hook_secret      BYTEA NOT NULL,             -- sealed
  settings         TEXT NOT NULL DEFAULT '',    -- YAML, secrets as ***
  settings_version BIGINT NOT NULL DEFAULT 0,
  watched_since    TEXT NOT NULL DEFAULT '',    -- JSON: since when cards of a kind are watched
  installed        BIGINT NOT NULL,
  changed          BIGINT NOT NULL
);
CREATE TABLE applications (
  portal    TEXT NOT NULL,
  client_id TEXT NOT NULL,
  token     BYTEA NOT NULL,                    -- sealed application_token
  scope     TEXT NOT NULL DEFAULT '',
  status    TEXT NOT NULL DEFAULT '',
  user_id   BIGINT NOT NULL DEFAULT 0,          -- whose token pair does the work
  state     TEXT NOT NULL,                      -- active, removed
  version   BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (portal, client_id)
);
CREATE TABLE pairs (
  key     TEXT PRIMARY KEY,                     -- portal/client_id/user_id
  portal  TEXT NOT NULL,
  sealed  BYTEA NOT NULL,
  expires BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE TABLE pending (
  id        TEXT PRIMARY KEY,
  client_id TEXT NOT NULL DEFAULT '',
  member_id TEXT NOT NULL DEFAULT '',
  reason    TEXT NOT NULL,
  sealed    BYTEA NOT NULL,
  created   BIGINT NOT NULL
);
CREATE TABLE connections (
  portal     TEXT NOT NULL,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,                     -- realty, diadoc
  is_default BIGINT NOT NULL DEFAULT 0,
  login      TEXT NOT NULL DEFAULT '',
  account_id TEXT NOT NULL DEFAULT '',
  sealed     BYTEA NOT NULL,                   -- password and other secrets
  cursor     TEXT NOT NULL DEFAULT '',          -- position in the news; moves only with what the news caused
  cursor_at  BIGINT NOT NULL DEFAULT 0,
  state      TEXT NOT NULL DEFAULT '',          -- '' good, refused: credentials were refused
  note       TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (portal, name)
);
CREATE TABLE inbox (
  id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane     TEXT NOT NULL,
  part     TEXT NOT NULL,
  doc      TEXT NOT NULL DEFAULT '',            -- docflow, when known: its rows never pass each other
  kind     TEXT NOT NULL,
  code     TEXT NOT NULL DEFAULT '',
  body     BYTEA NOT NULL,                     -- arguments without any plain token
  received BIGINT NOT NULL,
  run_at   BIGINT NOT NULL,
  aside    SMALLINT NOT NULL DEFAULT 0,
  tries    INTEGER NOT NULL DEFAULT 0,
  state    SMALLINT NOT NULL DEFAULT 0,         -- 0 unfinished, 1 done, 2 dead, 3 canceled
  note     TEXT NOT NULL DEFAULT '',
  finished BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX inbox_unfinished ON inbox (lane, id) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (id) WHERE state = 2;
CREATE TABLE dedup (
  key   BYTEA PRIMARY KEY,                     -- 16 bytes
  until BIGINT NOT NULL
);
CREATE INDEX dedup_until ON dedup (until);
CREATE TABLE lanes (
  lane   TEXT PRIMARY KEY,
  due    BIGINT NOT NULL,                       -- when it has work next; in the past while it is held
  holder TEXT NOT NULL DEFAULT '',
  lease  BIGINT NOT NULL DEFAULT 0,             -- held until
  fence  BIGINT NOT NULL DEFAULT 0              -- grows with every claim
);
CREATE INDEX lanes_due ON lanes (due);
CREATE TABLE cards (
  portal      TEXT NOT NULL,
  entity_type INTEGER NOT NULL,
  id          BIGINT NOT NULL,
  category    BIGINT NOT NULL DEFAULT 0,
  stage       TEXT NOT NULL,                    -- as last seen
  own_stage   TEXT NOT NULL DEFAULT '',         -- a stage that the bridge itself is moving the card to
  fields      TEXT NOT NULL DEFAULT '',         -- watched fields as last seen, JSON
  seen        BIGINT NOT NULL,
  PRIMARY KEY (portal, entity_type, id)
);
CREATE TABLE docflows (
  id          TEXT PRIMARY KEY,
  portal      TEXT NOT NULL,
  entity_type INTEGER NOT NULL,
  card_id     BIGINT NOT NULL,
  system      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  connection  TEXT NOT NULL,
  request_id  TEXT NOT NULL UNIQUE,
  body        BYTEA NOT NULL,                  -- frozen request
  external_id TEXT NOT NULL DEFAULT '',
  state       TEXT NOT NULL,
  requirement TEXT NOT NULL DEFAULT '',
  data        TEXT NOT NULL,                    -- statements, charges, files, refusal: JSON
  tried_at    BIGINT NOT NULL DEFAULT 0,
  news_from   TEXT NOT NULL DEFAULT '',
  version     BIGINT NOT NULL,
  created     BIGINT NOT NULL,
  changed     BIGINT NOT NULL
);
CREATE INDEX docflows_card ON docflows (portal, entity_type, card_id, created);
CREATE INDEX docflows_external ON docflows (portal, external_id);
CREATE TABLE docflow_history (
  id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  docflow     TEXT NOT NULL,
  state       TEXT NOT NULL,
  requirement TEXT NOT NULL DEFAULT '',
  cause       TEXT NOT NULL,
  token       TEXT NOT NULL DEFAULT '',         -- of the news item that brought it
  note        TEXT NOT NULL DEFAULT '',
  at          BIGINT NOT NULL
);
CREATE INDEX docflow_history_docflow ON docflow_history (docflow, id);
CREATE TABLE waiters (
  id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  docflow     TEXT NOT NULL,
  portal      TEXT NOT NULL,
  entity_type INTEGER NOT NULL,
  card_id     BIGINT NOT NULL,
  until       TEXT NOT NULL,
  action      TEXT NOT NULL,
  token       BYTEA NOT NULL,                  -- sealed event token
  deadline    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX waiters_docflow ON waiters (docflow);
CREATE TABLE effects (
  id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  portal      TEXT NOT NULL,
  entity_type INTEGER NOT NULL,
  card_id     BIGINT NOT NULL,
  docflow     TEXT NOT NULL DEFAULT '',
  kind        TEXT NOT NULL,
  params      TEXT NOT NULL,                    -- frozen, JSON
  state       SMALLINT NOT NULL DEFAULT 0,      -- 0 waiting, 1 applied, 2 failed
  mark        TEXT NOT NULL DEFAULT '',         -- what was there before the first try, to recognise a lost answer
  note        TEXT NOT NULL DEFAULT '',
  created     BIGINT NOT NULL,
  finished    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX effects_waiting ON effects (portal, entity_type, card_id, id) WHERE state = 0;
CREATE INDEX effects_docflow ON effects (docflow);
