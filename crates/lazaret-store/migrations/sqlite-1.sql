CREATE TABLE record (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    body   BLOB NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE TABLE lease (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    token  INTEGER NOT NULL,
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT;
INSERT INTO lease VALUES (1, 0, '', 0);
CREATE TABLE snapshot (
    seq  INTEGER NOT NULL,
    part INTEGER NOT NULL,
    last INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (seq, part)
) STRICT;
CREATE TABLE checkpoint (
    seq       INTEGER PRIMARY KEY,
    digest    BLOB NOT NULL,
    at        INTEGER NOT NULL,
    key       BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE account (
    person   TEXT PRIMARY KEY,
    password TEXT,
    disabled INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    seen     INTEGER,
    version  INTEGER NOT NULL
) STRICT;
CREATE TABLE session (
    secret  BLOB PRIMARY KEY,
    person  TEXT NOT NULL,
    created INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT;
CREATE INDEX session_person ON session (person);
CREATE TABLE link (
    secret BLOB PRIMARY KEY,
    person TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT;
CREATE TABLE token (
    id        INTEGER PRIMARY KEY,
    secret    BLOB NOT NULL UNIQUE,
    person    TEXT NOT NULL,
    label     TEXT NOT NULL,
    created   INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    seen      INTEGER,
    read_only INTEGER NOT NULL
) STRICT;
CREATE TABLE preference (
    person TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT;
CREATE TABLE reading (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    person  TEXT NOT NULL,
    path    TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;
