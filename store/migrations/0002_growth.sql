-- Graphs grow while a run goes on: a map by its items, a loop by its iterations (core/growth.py). A run's graph is the
-- one it was compiled to, shared, and these; new steps take the next numbers.
CREATE TABLE growth (
    run  INTEGER NOT NULL REFERENCES run (seq),
    seq  INTEGER NOT NULL,                    -- 0, 1, ... in the order it grew
    node INTEGER NOT NULL,                    -- number of the map's split, or of the end of the iteration before
    size INTEGER NOT NULL,                    -- items of the map; 1 for an iteration
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
