-- Digests of files in work trees, so that a file is read once and not in every run. Disposable: without it files are
-- read again. A row is written only when the file was older than store/filehashes.py's margin as it was read.
CREATE TABLE file_digest (
    path     TEXT PRIMARY KEY,                -- absolute
    device   INTEGER NOT NULL,
    inode    INTEGER NOT NULL,
    size     INTEGER NOT NULL,                -- bytes
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    sha256   BLOB NOT NULL,
    seen     INTEGER NOT NULL                 -- days since the epoch when it was last asked for
) WITHOUT ROWID;

CREATE INDEX file_digest_seen ON file_digest (seen);
