CREATE TABLE record (
    seq    BIGINT PRIMARY KEY,
    at     BIGINT NOT NULL,
    body   BYTEA NOT NULL,
    digest BYTEA NOT NULL
);
CREATE TABLE lease (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    token  BIGINT NOT NULL,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL
);
INSERT INTO lease VALUES (1, 0, '', 0);
CREATE TABLE snapshot (
    seq  BIGINT NOT NULL,
    part BIGINT NOT NULL,
    last BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (seq, part)
);
CREATE TABLE checkpoint (
    seq       BIGINT PRIMARY KEY,
    digest    BYTEA NOT NULL,
    at        BIGINT NOT NULL,
    key       BYTEA NOT NULL,
    signature BYTEA NOT NULL
);
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE account (
    person   TEXT PRIMARY KEY,
    password TEXT,
    disabled BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    seen     BIGINT,
    version  BIGINT NOT NULL
);
CREATE TABLE session (
    secret  BYTEA PRIMARY KEY,
    person  TEXT NOT NULL,
    created BIGINT NOT NULL,
    until   BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE TABLE link (
    secret BYTEA PRIMARY KEY,
    person TEXT NOT NULL,
    until  BIGINT NOT NULL
);
CREATE TABLE token (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret    BYTEA NOT NULL UNIQUE,
    person    TEXT NOT NULL,
    label     TEXT NOT NULL,
    created   BIGINT NOT NULL,
    until     BIGINT NOT NULL,
    seen      BIGINT,
    read_only BIGINT NOT NULL
);
CREATE TABLE preference (
    person TEXT PRIMARY KEY,
    value  TEXT NOT NULL
);
CREATE TABLE reading (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    person  TEXT NOT NULL,
    path    TEXT NOT NULL,
    address TEXT NOT NULL
);
