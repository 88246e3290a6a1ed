-- Whether the question is only the beginning of the message that was looked up.

ALTER TABLE records ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
