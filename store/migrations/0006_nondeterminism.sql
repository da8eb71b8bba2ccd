-- Steps that `graft verify` saw making something else of the same code and inputs.
CREATE TABLE nondeterminism (
    project  TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    path     TEXT NOT NULL,                   -- of the step, numbers of map items as `*`
    outputs  TEXT NOT NULL,                   -- JSON array of names
    code     TEXT,                            -- digest of the fingerprint of its code; NULL: there was none
    run      TEXT NOT NULL,                   -- id of the run that was verified
    at       REAL NOT NULL,
    PRIMARY KEY (project, pipeline, path)
) WITHOUT ROWID;
