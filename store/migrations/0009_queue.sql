-- Workers, and the runs that wait for one. Signs of life are monotonic seconds since the boot that stands beside them:
-- no clock that is set back or forward makes a living worker a lost one.
CREATE TABLE worker (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given again: a claim names its worker by it
    host    TEXT NOT NULL,
    boot    TEXT,
    pid     INTEGER NOT NULL,
    labels  TEXT NOT NULL,                      -- JSON array
    slots   INTEGER NOT NULL,
    drains  INTEGER NOT NULL DEFAULT 0,
    beat    REAL NOT NULL,
    started REAL NOT NULL                       -- wall time
);

CREATE TABLE submission (
    seq     INTEGER PRIMARY KEY,
    run     TEXT NOT NULL UNIQUE,
    labels  TEXT NOT NULL,                      -- JSON array; all are required
    state   TEXT NOT NULL,                      -- WAITING, TAKEN, ENDED, GIVEN_UP
    worker  INTEGER,                            -- number; NULL: nobody, or a process of its own
    claims  INTEGER NOT NULL DEFAULT 0,         -- raised with each claim: tells a late worker that it is late
    command TEXT NOT NULL,                      -- JSON array
    cwd     TEXT NOT NULL,
    expect  TEXT NOT NULL,                      -- state its run is in when it is taken first
    created REAL NOT NULL
);
CREATE INDEX submission_open ON submission (state, seq) WHERE state IN ('WAITING', 'TAKEN');

-- Values that were put by name; the newest version is what a name means.
CREATE TABLE dataset (
    project    TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    sha256     BLOB NOT NULL,
    size       INTEGER NOT NULL,
    serializer TEXT NOT NULL,
    inline     BLOB,
    created    REAL NOT NULL,
    PRIMARY KEY (project, name, version)
) WITHOUT ROWID;
