-- Functions: every version of every named executable. `key` is the sha256 of kind and spec, so that a version is only
-- made when one of them changes. Code is object files, named by digest in the spec.
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
