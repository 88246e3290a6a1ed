-- Whether whoever asked has shown the answer to the channel, which they can do once.

ALTER TABLE records ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
