-- The journal: what led to what, every try and every call of a row's work, who pressed what, and a search that
-- stays quick over a million rows. An index of ended rows alone costs the accepting nothing.
ALTER TABLE inbox ADD COLUMN cause BIGINT NOT NULL DEFAULT 0;           -- the row whose work made this one
ALTER TABLE docflow_history ADD COLUMN job BIGINT NOT NULL DEFAULT 0;   -- the row whose work brought the state; 0: news
ALTER TABLE effects ADD COLUMN job BIGINT NOT NULL DEFAULT 0;           -- the row that ended it
ALTER TABLE connections ADD COLUMN since BIGINT NOT NULL DEFAULT 0;     -- when it came to its state
CREATE INDEX inbox_ended ON inbox (lane, state, id) WHERE state <> 0;
CREATE INDEX inbox_ended_part ON inbox (lane, part, id) WHERE state <> 0;
CREATE INDEX inbox_canceled ON inbox (id) WHERE state = 3;
CREATE INDEX inbox_cause ON inbox (cause) WHERE cause <> 0;
CREATE INDEX inbox_doc ON inbox (doc) WHERE doc <> '';
CREATE INDEX docflow_history_job ON docflow_history (job) WHERE job <> 0;
CREATE INDEX effects_job ON effects (job) WHERE job <> 0;
CREATE TABLE runs (
  job     BIGINT NOT NULL,
  at      BIGINT NOT NULL,                      -- it began
  ended   BIGINT NOT NULL,                      -- its outcome was stored; of the last one that was like it
  verdict TEXT NOT NULL,                        -- done, again, backoff, aside, dead
  failed  SMALLINT NOT NULL DEFAULT 0,
  times   BIGINT NOT NULL DEFAULT 1,            -- so many in a row ended alike
  note    TEXT NOT NULL DEFAULT '',
  more    BIGINT NOT NULL DEFAULT 0,            -- calls that were not kept
  PRIMARY KEY (job, at)
);
CREATE INDEX runs_ended ON runs (ended);
CREATE TABLE calls (
  job     BIGINT NOT NULL,
  run     BIGINT NOT NULL,                      -- runs.at
  n       INTEGER NOT NULL,                     -- their order
  portal  TEXT NOT NULL,                        -- the row's lane
  docflow TEXT NOT NULL DEFAULT '',             -- when the outcome named one
  system  TEXT NOT NULL,                        -- bitrix, oauth, realty, diadoc, …
  op      TEXT NOT NULL,                        -- a method or a template of a path, never an address
  began   BIGINT NOT NULL,
  took    BIGINT NOT NULL,                      -- milliseconds
  status  INTEGER NOT NULL,                     -- of HTTP; 0: no answer
  class   TEXT NOT NULL DEFAULT '',             -- '' good; retry, wait, relogin, refused, broken
  packed  INTEGER NOT NULL DEFAULT 1,           -- calls that shared its request
  note    TEXT NOT NULL DEFAULT '',             -- the failure in words
  PRIMARY KEY (job, run, n)
);
CREATE INDEX calls_began ON calls (began);
CREATE TABLE job_acts (
  job     BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  act     TEXT NOT NULL,                        -- retry, cancel
  user_id BIGINT NOT NULL DEFAULT 0,            -- of the portal; 0: the operator
  PRIMARY KEY (job, at, act)
);
CREATE TABLE docflow_numbers (
  portal  TEXT NOT NULL,
  number  TEXT NOT NULL,                        -- cadastral, of a document, of a duty: as people type it, lower case
  docflow TEXT NOT NULL,
  PRIMARY KEY (portal, number, docflow)
);
CREATE INDEX docflow_numbers_docflow ON docflow_numbers (docflow);
