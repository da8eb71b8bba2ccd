-- What runs are started from and results depend on (core/keys.py, core/prints.py, core/reusing.py).

-- Fingerprints of a graph's operations, shared by the runs that have the same ones.
CREATE TABLE prints (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    json   TEXT NOT NULL
);
ALTER TABLE run ADD COLUMN prints INTEGER REFERENCES prints (seq); -- NULL: it has none

-- The part of evidence that all nodes of an operation share: canonical JSON by its digest.
CREATE TABLE basis (
    seq    INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    json   TEXT NOT NULL
);

-- What was decided of a step that was not reused; replaced when it is judged again.
CREATE TABLE judgement (
    run      INTEGER NOT NULL,
    node     INTEGER NOT NULL,
    verdict  TEXT NOT NULL,
    detail   TEXT,
    evidence TEXT,                            -- JSON that names its basis by digest; its sha256 is the key; NULL: no key
    PRIMARY KEY (run, node)
) WITHOUT ROWID;

-- Results that may serve again. What they are stands in `output` and `metric`.
CREATE TABLE result (
    run     INTEGER NOT NULL,
    node    INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    path    TEXT NOT NULL,
    key     BLOB NOT NULL,
    prefix  INTEGER NOT NULL,                 -- the first 8 bytes of the key: an index of whole keys is three times as big
    place   INTEGER NOT NULL,                 -- crc32 of project, pipeline and place: finds candidates, evidence decides
    at      REAL NOT NULL,
    metrics INTEGER NOT NULL,                 -- how many it logged
    seen    TEXT,                             -- files it was seen to read -> sha256 or null, JSON; NULL: none
    PRIMARY KEY (run, node, attempt)
) WITHOUT ROWID;
CREATE INDEX result_key ON result (prefix);
CREATE INDEX result_place ON result (place);
