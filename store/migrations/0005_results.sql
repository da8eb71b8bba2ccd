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
    prefix  INTEGER NOT NULL,                 -- the first 4 bytes of the key: an index of whole keys is four times as big
    place   INTEGER NOT NULL,                 -- crc32 of project, pipeline and place
    at      REAL NOT NULL,
    metrics INTEGER NOT NULL,                 -- how many it logged
    seen    TEXT,                             -- files it was seen to read -> sha256 or null, JSON; NULL: none
    PRIMARY KEY (run, node, attempt)
) WITHOUT ROWID;

-- Two ways to results. Rows come in batches, in order, and at the latest when the run ends (store/judged.py): their
-- numbers are spread over all pages, and an index of `result` would write most of its pages in every commit, 5 us an
-- attempt. Candidates only: the whole key and the evidence decide.
CREATE TABLE result_key (
    prefix  INTEGER NOT NULL,
    run     INTEGER NOT NULL,
    node    INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (prefix, run, node, attempt)
) WITHOUT ROWID;
CREATE TABLE result_place (
    place   INTEGER NOT NULL,
    run     INTEGER NOT NULL,
    node    INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (place, run, node, attempt)
) WITHOUT ROWID;
