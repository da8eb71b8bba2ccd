-- The registry. Bytes of files and states are object files, named by digest and shared with the runs that made them.
CREATE TABLE project (
    seq     INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    created REAL NOT NULL
);

CREATE TABLE lineage (
    seq      INTEGER PRIMARY KEY,
    project  INTEGER NOT NULL REFERENCES project (seq),
    version  TEXT NOT NULL,                   -- canonical PEP 440
    manifest TEXT NOT NULL,                   -- LineageDraft, JSON (core/lineagecodec.py)
    created  REAL NOT NULL,
    given    INTEGER NOT NULL DEFAULT 0,      -- greatest number that a generation was given; never lowered
    removed  REAL,                            -- when it was removed; its row stays, so that no number is given again
    UNIQUE (project, version)
);

CREATE TABLE generation (
    lineage INTEGER NOT NULL REFERENCES lineage (seq),
    number  INTEGER NOT NULL,
    run     TEXT,
    record  TEXT NOT NULL,                    -- Generation, JSON
    created REAL NOT NULL,
    PRIMARY KEY (lineage, number)
) WITHOUT ROWID;
-- A run makes one generation, however often it commits.
CREATE UNIQUE INDEX generation_run ON generation (lineage, run) WHERE run IS NOT NULL;

-- States of generations: what must not be collected as garbage.
CREATE TABLE state (
    lineage  INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    name     TEXT NOT NULL,
    sha256   BLOB NOT NULL,
    size     INTEGER NOT NULL,
    PRIMARY KEY (lineage, number, name),
    FOREIGN KEY (lineage, number) REFERENCES generation (lineage, number) ON DELETE CASCADE
) WITHOUT ROWID;

-- Where aliases were moved; where one stands is its last row.
CREATE TABLE alias_move (
    seq     INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES project (seq),
    alias   TEXT NOT NULL,
    record  TEXT NOT NULL                     -- Move, JSON
);
CREATE INDEX alias_move_project ON alias_move (project, seq);
