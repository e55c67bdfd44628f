-- What became of the refresh tokens that connections began with: Kontur gives a new one at each exchange.
CREATE TABLE grants (
  key     TEXT PRIMARY KEY,                     -- of the token that a connection's settings have
  sealed  BLOB NOT NULL,                        -- the tokens that are good now
  version BIGINT NOT NULL
);
ALTER TABLE connections ADD COLUMN grant_key TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_grant ON connections (grant_key) WHERE grant_key <> '';
