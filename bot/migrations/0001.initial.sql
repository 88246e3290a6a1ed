-- Texts that people wrote stand in rows only, never in an index.

CREATE TABLE servers (
    server INTEGER NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL
) STRICT;

CREATE TABLE records (
    number INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    server INTEGER,
    asker BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL,
    confidence REAL NOT NULL,
    unanswered TEXT NOT NULL,
    private INTEGER NOT NULL
) STRICT;

CREATE INDEX records_by_server ON records (server, asked_at);

CREATE INDEX records_by_asker ON records (asker);

CREATE TABLE citations (
    record INTEGER NOT NULL REFERENCES records (number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    article TEXT NOT NULL,
    passage TEXT NOT NULL,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    asks TEXT,
    PRIMARY KEY (record, position)
) STRICT;

CREATE TABLE ratings (
    record INTEGER NOT NULL REFERENCES records (number) ON DELETE CASCADE,
    member BLOB NOT NULL,
    helpful INTEGER NOT NULL,
    reason TEXT,
    rated_at INTEGER NOT NULL,
    PRIMARY KEY (record, member)
) STRICT;

CREATE INDEX ratings_by_member ON ratings (member);
