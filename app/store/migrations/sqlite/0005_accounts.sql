-- One read of an account's news serves every connection to it.
CREATE INDEX connections_account ON connections (account_id, login);
