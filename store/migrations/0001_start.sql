-- The run log and its artifacts. Times are wall seconds since the epoch; digests are 32 raw bytes unless they are text.
-- run.seq and step.node (position in the graph) are the keys of the hot tables: a step row is some 30 bytes.

CREATE TABLE migration (
    number  INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    applied REAL NOT NULL
);

-- Compiled graphs as canonical JSON (core/codec.py), shared by the runs that have the same one.
CREATE TABLE graph (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    json   TEXT NOT NULL
);

-- python, platform and packages of the process that compiled a run, shared.
CREATE TABLE environment (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    json   TEXT NOT NULL
);

-- Code snapshots: relative path -> sha256 of every project file a graph reaches. Contents are artifacts.
CREATE TABLE snapshot (
    key   TEXT PRIMARY KEY,
    files TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE run (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    project     TEXT NOT NULL,
    pipeline    TEXT NOT NULL,
    action      TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT,
    runner      TEXT NOT NULL,
    origin      TEXT NOT NULL,
    params      TEXT NOT NULL,
    tags        TEXT NOT NULL,
    created     REAL NOT NULL,
    started     REAL,
    finished    REAL,
    lineage     TEXT,
    generation  INTEGER,
    parent      TEXT,
    hidden      INTEGER NOT NULL,             -- a child run or a watch wave: left out unless asked for
    code        TEXT,                         -- key of its snapshot
    git         TEXT,
    dirty       INTEGER,
    remote      TEXT,
    branch      TEXT,
    graph       INTEGER NOT NULL REFERENCES graph (seq),
    environment INTEGER NOT NULL REFERENCES environment (seq),
    spec        TEXT NOT NULL,                -- the rest of what it was started from, JSON
    counts      TEXT NOT NULL,                -- steps by status, JSON; kept up to date with each group of facts
    lease       INTEGER NOT NULL DEFAULT 0,   -- raised each time a host takes the run up
    host        TEXT,
    boot        TEXT,
    pid         INTEGER,
    pid_started INTEGER                       -- clock ticks since boot: tells a reused pid
);
-- One index for each way to list, all ending in the order of the list, so that a page never sorts.
CREATE INDEX run_newest ON run (created, id) WHERE hidden = 0;
CREATE INDEX run_newest_all ON run (created, id);
CREATE INDEX run_project ON run (project, created, id) WHERE hidden = 0;
CREATE INDEX run_project_all ON run (project, created, id);
CREATE INDEX run_pipeline ON run (project, pipeline, created, id);
CREATE INDEX run_state ON run (state, created, id);
CREATE INDEX run_project_state ON run (project, state, created, id);
CREATE INDEX run_parent ON run (parent, created, id) WHERE parent IS NOT NULL;

CREATE TABLE run_tag (
    tag     TEXT NOT NULL,
    created REAL NOT NULL,
    id      TEXT NOT NULL REFERENCES run (id),
    PRIMARY KEY (tag, created, id)
) WITHOUT ROWID;

-- A step row is also its live attempt: STARTED, number `attempts`, handed out at `dispatched`. So one attempt of a step is
-- live by construction, and an attempt costs one insert when it ends (a row at dispatch plus a partial unique index cost
-- 13 us more an attempt).
CREATE TABLE step (
    run         INTEGER NOT NULL REFERENCES run (seq),
    node        INTEGER NOT NULL,             -- position in the graph
    state       TEXT NOT NULL,
    reason      TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    dispatched  REAL,                         -- of the last attempt
    shown       INTEGER,                      -- attempt whose result is the step's; 0: reused; NULL: none yet
    cached_from TEXT,
    PRIMARY KEY (run, node)
) WITHOUT ROWID;

-- Attempts that ended.
CREATE TABLE attempt (
    run         INTEGER NOT NULL,
    node        INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT,
    dispatched  REAL NOT NULL,
    started     REAL,
    seconds     REAL,
    cpu_seconds REAL,
    peak_bytes  INTEGER,
    worker      TEXT,
    code        TEXT,                         -- snapshot it ran when it is not the run's
    error       TEXT,                         -- StepError, JSON
    PRIMARY KEY (run, node, n)
) WITHOUT ROWID;

-- Stored bytes up to 4 KiB (source files up to 64 KiB), once each. Larger ones are object files and have no row here;
-- up to 256 bytes they stand in the output row itself (a row here dirties a random page, 4 us an attempt).
CREATE TABLE artifact (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    bytes  BLOB NOT NULL
);

-- What an attempt returned; attempt 0 holds what a reused step took over.
CREATE TABLE output (
    run        INTEGER NOT NULL,
    node       INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    sha256     BLOB NOT NULL,
    size       INTEGER NOT NULL,
    serializer TEXT NOT NULL,
    is_file    INTEGER NOT NULL,              -- 1: an object file; 0: in `bytes`, or in artifact when that is NULL
    bytes      BLOB,
    PRIMARY KEY (run, node, attempt, position)
) WITHOUT ROWID;

CREATE TABLE metric (
    run      INTEGER NOT NULL,
    node     INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    key      TEXT NOT NULL,
    value,                                    -- number, text or NULL; as `kind` says where SQLite has no such value
    kind     TEXT,                            -- 'bool' (value 0 or 1), 'nan' (value NULL), else NULL
    step     INTEGER,
    at       REAL NOT NULL,
    PRIMARY KEY (run, node, attempt, position)
) WITHOUT ROWID;

-- Where the newest good outputs of each step of a pipeline are; written when a run ends.
CREATE TABLE newest (
    project  TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    path     TEXT NOT NULL,
    run      INTEGER NOT NULL,
    node     INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    at       REAL NOT NULL,                   -- when the step was dispatched or reused: a late retry of an old run loses
    PRIMARY KEY (project, pipeline, path)
) WITHOUT ROWID;

-- One row per group of facts: the live feed and the audit. Tables above are projections of it.
-- No AUTOINCREMENT: it dirties one more page a commit; the newest row is never deleted, so numbers only grow.
CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,
    run   INTEGER NOT NULL REFERENCES run (seq),
    at    REAL NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX event_run ON event (run);

-- What people ask of a live run.
CREATE TABLE request (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    run     INTEGER NOT NULL REFERENCES run (seq),
    kind    TEXT NOT NULL,
    is_hard INTEGER NOT NULL,
    at      REAL NOT NULL,
    handled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX request_open ON request (run) WHERE handled = 0;
