-- The version about which people were reminded that a duty is unpaid for a day; 0: none yet.
ALTER TABLE docflows ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0;
CREATE INDEX docflows_unpaid ON docflows (changed) WHERE requirement = 'payment';
