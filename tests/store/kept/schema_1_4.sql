PRAGMA application_id = 1196574292;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE artifact (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    bytes  BLOB NOT NULL
);
INSERT INTO "artifact" VALUES(1,X'96F43D529AF3430CB6B0E2C02F6B38EF1A121E8A31D2D09A3EBB716F2F35C9DE',X'7072696E74282768656C6C6F2729');
INSERT INTO "artifact" VALUES(2,X'5130B33E6B87FBF5316ED9049E98924EB110800BCBAAAD8050F642FBA6DF37C9',X'787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878');
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
INSERT INTO "attempt" VALUES(1,0,1,'SUCCESS',NULL,1700000003.0,1700000003.5,0.25,0.125,1000,'w1',NULL,NULL);
INSERT INTO "attempt" VALUES(1,1,1,'SUCCESS',NULL,1700000005.0,1700000005.5,0.25,0.125,1000,'w1',NULL,NULL);
INSERT INTO "attempt" VALUES(2,0,1,'SUCCESS',NULL,1700000011.0,1700000011.5,0.25,0.125,1000,'w1',NULL,NULL);
INSERT INTO "attempt" VALUES(2,1,1,'FAILURE','ERROR',1700000013.0,1700000013.5,0.25,NULL,NULL,'w1',NULL,'{"message":"it broke","pickled":"gHBpY2tsZQ==","type":"ValueError"}');
CREATE TABLE environment (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    json   TEXT NOT NULL
);
INSERT INTO "environment" VALUES(1,X'44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A','{}');
CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,
    run   INTEGER NOT NULL REFERENCES run (seq),
    at    REAL NOT NULL,
    facts TEXT NOT NULL
);
INSERT INTO "event" VALUES(1,1,1700000004.0,'[{"kind":"RunStarted","at":1700000002.0},{"kind":"AttemptDispatched","node":"a","attempt":1,"at":1700000003.0},{"kind":"AttemptSucceeded","node":"a","attempt":1,"at":1700000004.0,"started":1700000003.5,"seconds":0.25,"cpu_seconds":0.125,"peak_bytes":1000,"worker":"w1","outputs":[{"name":"value","sha256":"5130b33e6b87fbf5316ed9049e98924eb110800bcbaaad8050f642fba6df37c9","size":600,"serializer":"json"}],"metrics":[["auc",0.5,null,1.0]]}]');
INSERT INTO "event" VALUES(2,1,1700000008.0,'[{"kind":"AttemptDispatched","node":"b","attempt":1,"at":1700000005.0},{"kind":"AttemptSucceeded","node":"b","attempt":1,"at":1700000006.0,"started":1700000005.5,"seconds":0.25,"cpu_seconds":0.125,"peak_bytes":1000,"worker":"w1","outputs":[{"name":"value","sha256":"dc67949bdca3c2e1bb86890c76a58a0faf09d5b1493daa9d18411e7210f81260","size":3,"serializer":"json"}]},{"kind":"StepReused","node":"c","at":1700000007.0,"from_run":"dddddddddddddddd","outputs":[{"name":"value","sha256":"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6","size":1,"serializer":"json"}]},{"kind":"RunFinished","state":"SUCCESS","at":1700000008.0}]');
INSERT INTO "event" VALUES(3,2,1700000014.0,'[{"kind":"RunStarted","at":1700000010.0},{"kind":"AttemptDispatched","node":"a","attempt":1,"at":1700000011.0},{"kind":"AttemptSucceeded","node":"a","attempt":1,"at":1700000012.0,"started":1700000011.5,"seconds":0.25,"cpu_seconds":0.125,"peak_bytes":1000,"worker":"w1","outputs":[{"name":"value","sha256":"042a5f2e7634c4c80a75691b6b89dfe4e1758558ce99e7346b5297b68fa95d11","size":3,"serializer":"json"}]},{"kind":"AttemptDispatched","node":"b","attempt":1,"at":1700000013.0},{"kind":"AttemptFailed","node":"b","attempt":1,"at":1700000014.0,"started":1700000013.5,"seconds":0.25,"worker":"w1","reason":"ERROR","error":{"type":"ValueError","message":"it broke"}}]');
INSERT INTO "event" VALUES(4,2,1700000016.0,'[{"kind":"StepSettled","node":"c","state":"SKIPPED","reason":"UPSTREAM","at":1700000015.0},{"kind":"RunFinished","state":"FAILURE","at":1700000016.0}]');
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
CREATE TABLE function (
    project TEXT NOT NULL,
    name    TEXT NOT NULL,
    version INTEGER NOT NULL,                 -- 1, 2, 3...; never given twice, also when it was removed
    kind    TEXT NOT NULL,
    spec    TEXT NOT NULL,                    -- canonical JSON
    key     TEXT NOT NULL,
    origin  TEXT NOT NULL,                    -- the source as the person wrote it
    created REAL NOT NULL,
    removed REAL,                             -- when it was taken out of the lists; NULL: it is there
    PRIMARY KEY (project, name, version)
) WITHOUT ROWID;
CREATE TABLE graph (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    json   TEXT NOT NULL
);
INSERT INTO "graph" VALUES(1,X'4CB88B34A1D36D83EDC832BAC1FFE818E815D49D95FFF85744E8B52235E1BC99','{"name":"demo","nodes":[{"arguments":[["c",{"origin":"fixed","value":0}]],"operation":0,"path":"a"},{"arguments":[["x",{"node":"a","output":"value"}],["c",{"origin":"fixed","value":1}]],"needs":["a"],"operation":0,"path":"b"},{"arguments":[["x",{"node":"b","output":"value"}],["c",{"origin":"fixed","value":2}]],"needs":["b"],"operation":0,"path":"c"}],"operations":[{"call":{"kind":"python","module":"steps","qualname":"f"},"returns":[{"name":"value"}]}]}');
CREATE TABLE growth (
    run  INTEGER NOT NULL REFERENCES run (seq),
    seq  INTEGER NOT NULL,                    -- 0, 1, ... in the order it grew
    node INTEGER NOT NULL,                    -- number of the map's split, or of the end of the iteration before
    size INTEGER NOT NULL,                    -- items of the map; 1 for an iteration
    PRIMARY KEY (run, seq)
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
INSERT INTO "metric" VALUES(1,0,1,0,'auc',0.5,NULL,NULL,1.0);
CREATE TABLE migration (
    number  INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    applied REAL NOT NULL
);
INSERT INTO "migration" VALUES(1,'start',1.79524876042172169682e+09);
INSERT INTO "migration" VALUES(2,'growth',1.79524876042181825638e+09);
INSERT INTO "migration" VALUES(3,'functions',1.79524876042195248603e+09);
INSERT INTO "migration" VALUES(4,'files',1.79524876042204880712e+09);
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
INSERT INTO "newest" VALUES('demo','demo','a',2,0,1,1700000011.0);
INSERT INTO "newest" VALUES('demo','demo','b',1,1,1,1700000005.0);
INSERT INTO "newest" VALUES('demo','demo','c',1,2,0,1700000007.0);
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
INSERT INTO "output" VALUES(1,0,1,0,'value','value',X'5130B33E6B87FBF5316ED9049E98924EB110800BCBAAAD8050F642FBA6DF37C9',600,'json',0,NULL);
INSERT INTO "output" VALUES(1,1,1,0,'value','value',X'DC67949BDCA3C2E1BB86890C76A58A0FAF09D5B1493DAA9D18411E7210F81260',3,'json',0,X'622031');
INSERT INTO "output" VALUES(1,2,0,0,'value','value',X'2E7D2C03A9507AE265ECF5B5356885A53393A2029D241394997265A1A25AEFC6',1,'json',0,X'63');
INSERT INTO "output" VALUES(2,0,1,0,'value','value',X'042A5F2E7634C4C80A75691B6B89DFE4E1758558CE99E7346B5297B68FA95D11',3,'json',0,X'612031');
CREATE TABLE request (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    run     INTEGER NOT NULL REFERENCES run (seq),
    kind    TEXT NOT NULL,
    is_hard INTEGER NOT NULL,
    at      REAL NOT NULL,
    handled INTEGER NOT NULL DEFAULT 0
);
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
INSERT INTO "run" VALUES(1,'aaaabbbbccccdddd','demo','demo','job','SUCCESS',NULL,'local','cli','{"c":1.5}','["good"]',1700000001.0,1700000002.0,1700000008.0,NULL,NULL,NULL,0,'k1',NULL,NULL,NULL,NULL,1,1,'{"fail_fast":false,"jobs":1,"runner_config":{},"selected":null,"target":{"cwd":"/project","is_loadable":true,"root":"/project","sys_path":[],"text":"pipeline.py:demo"},"timeout_s":null,"uses_snapshot":false}','{"SUCCESS":2,"CACHED":1}',1,'ada',NULL,1,1);
INSERT INTO "run" VALUES(2,'bbbbccccddddeeee','demo','demo','job','FAILURE',NULL,'local','cli','{}','[]',1700000009.0,1700000010.0,1700000016.0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,1,1,'{"fail_fast":false,"jobs":1,"runner_config":{},"selected":null,"target":{"cwd":"/project","is_loadable":true,"root":"/project","sys_path":[],"text":"pipeline.py:demo"},"timeout_s":null,"uses_snapshot":false}','{"FAILURE":1,"SUCCESS":1,"SKIPPED":1}',1,'ada',NULL,1,1);
INSERT INTO "run" VALUES(3,'ccccddddeeeeffff','demo','demo','job','PENDING',NULL,'local','cli','{}','[]',1700000017.0,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,1,1,'{"fail_fast":false,"jobs":1,"runner_config":{},"selected":null,"target":{"cwd":"/project","is_loadable":true,"root":"/project","sys_path":[],"text":"pipeline.py:demo"},"timeout_s":null,"uses_snapshot":false}','{"PENDING":3}',0,NULL,NULL,NULL,NULL);
CREATE TABLE run_tag (
    tag     TEXT NOT NULL,
    created REAL NOT NULL,
    id      TEXT NOT NULL REFERENCES run (id),
    PRIMARY KEY (tag, created, id)
) WITHOUT ROWID;
INSERT INTO "run_tag" VALUES('good',1700000001.0,'aaaabbbbccccdddd');
CREATE TABLE snapshot (
    key   TEXT PRIMARY KEY,
    files TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "snapshot" VALUES('k1','{"a.py":"96f43d529af3430cb6b0e2c02f6b38ef1a121e8a31d2d09a3ebb716f2f35c9de"}');
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
INSERT INTO "step" VALUES(1,0,'SUCCESS',NULL,1,1700000003.0,1,NULL);
INSERT INTO "step" VALUES(1,1,'SUCCESS',NULL,1,1700000005.0,1,NULL);
INSERT INTO "step" VALUES(1,2,'CACHED',NULL,0,1700000007.0,0,'dddddddddddddddd');
INSERT INTO "step" VALUES(2,0,'SUCCESS',NULL,1,1700000011.0,1,NULL);
INSERT INTO "step" VALUES(2,1,'FAILURE','ERROR',1,1700000013.0,1,NULL);
INSERT INTO "step" VALUES(2,2,'SKIPPED','UPSTREAM',0,NULL,NULL,NULL);
INSERT INTO "step" VALUES(3,0,'PENDING',NULL,0,NULL,NULL,NULL);
INSERT INTO "step" VALUES(3,1,'PENDING',NULL,0,NULL,NULL,NULL);
INSERT INTO "step" VALUES(3,2,'PENDING',NULL,0,NULL,NULL,NULL);
CREATE INDEX run_newest ON run (created, id) WHERE hidden = 0;
CREATE INDEX run_newest_all ON run (created, id);
CREATE INDEX run_project ON run (project, created, id) WHERE hidden = 0;
CREATE INDEX run_project_all ON run (project, created, id);
CREATE INDEX run_pipeline ON run (project, pipeline, created, id);
CREATE INDEX run_state ON run (state, created, id);
CREATE INDEX run_project_state ON run (project, state, created, id);
CREATE INDEX run_parent ON run (parent, created, id) WHERE parent IS NOT NULL;
CREATE INDEX event_run ON event (run);
CREATE INDEX request_open ON request (run) WHERE handled = 0;
CREATE INDEX file_digest_seen ON file_digest (seen);
DELETE FROM "sqlite_sequence";
COMMIT;
