-- Every version of a portal's settings, with who made it: to be read, compared and applied again.
CREATE TABLE settings_history (
  portal   TEXT NOT NULL,
  version  BIGINT NOT NULL,                     -- portals.settings_version
  at       BIGINT NOT NULL,
  user_id  BIGINT NOT NULL DEFAULT 0,           -- 0: not a user of the portal
  author   TEXT NOT NULL DEFAULT '',            -- as they were called then
  cause    TEXT NOT NULL DEFAULT '',            -- page, file, connect, undo, hook
  undo_of  BIGINT NOT NULL DEFAULT 0,           -- the version that was applied again
  settings TEXT NOT NULL,                       -- YAML, secrets as ***
  PRIMARY KEY (portal, version)
);
INSERT INTO settings_history (portal, version, at, settings)
  SELECT id, settings_version, changed, settings FROM portals WHERE settings <> '';
