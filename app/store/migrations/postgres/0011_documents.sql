-- A robot may wait for one document of a message at Диадок.
ALTER TABLE waiters ADD COLUMN document TEXT NOT NULL DEFAULT '';
