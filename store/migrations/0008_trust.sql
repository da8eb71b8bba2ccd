-- Bytes that may be unpickled here: states that runs of this store made, and those a person trusted.
CREATE TABLE trusted (
    sha256 BLOB NOT NULL PRIMARY KEY,
    why    TEXT NOT NULL,                     -- `made` or `told`
    at     REAL NOT NULL
) WITHOUT ROWID;
