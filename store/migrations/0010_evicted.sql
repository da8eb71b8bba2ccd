-- Values that were given up to free space (core/garbage.py): their rows stay, their files are gone. A file that is there
-- again since then counts as any other.
CREATE TABLE evicted (
    sha256 BLOB NOT NULL PRIMARY KEY,
    at     REAL NOT NULL
) WITHOUT ROWID;
