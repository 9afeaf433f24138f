/**
 * The tables of a sweep's file, as SQL. One file holds one sweep, or one shard of it.
 *
 * A cell is there with all its metrics or not at all: both are written in one transaction. No column
 * holds a time of day or a duration of the computation, so that the same sweep has the same rows.
 */

/** "EVKS" in ASCII. */
export const sweepApplicationId = 0x45_56_4b_53

/** Raised with every change below that an older reader would misread. */
export const sweepLayoutVersion = 2

export const createSweepStatements: ReadonlyArray<string> = [
  `CREATE TABLE sweep (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL,
    seed TEXT NOT NULL,
    definition TEXT NOT NULL,
    shard INTEGER NOT NULL,
    shards INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE points (
    point INTEGER PRIMARY KEY,
    "values" TEXT NOT NULL,
    coordinates TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE cells (
    cell INTEGER PRIMARY KEY,
    point INTEGER NOT NULL REFERENCES points,
    replication INTEGER NOT NULL,
    digest TEXT NOT NULL,
    requests REAL NOT NULL,
    events REAL NOT NULL,
    warmup_seconds REAL NOT NULL,
    failed_checks TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE metrics (
    cell INTEGER NOT NULL REFERENCES cells,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (cell, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE metric_facts (
    name TEXT PRIMARY KEY,
    facts TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
]
