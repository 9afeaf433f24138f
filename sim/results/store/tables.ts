/**
 * The tables of a results file, as SQL. One file holds one run.
 *
 * A results file is recognised by SQLite's `application_id` and its layout by `user_version`
 * (https://www.sqlite.org/pragma.html#pragma_application_id). Raise {@link layoutVersion} with
 * every change here that an older reader would misread.
 *
 * Conventions: `replication` is a replication's index, `position` keeps the order of the original
 * lists, money is INTEGER in minor units within what a double holds exactly, everything measured is
 * REAL. NULL in a measured column means "not a number"; infinities are stored as such.
 */

/** "EVKL" in ASCII. */
export const applicationId = 0x45_56_4b_4c

export const layoutVersion = 2

const money = (column: string): string =>
  `${column} INTEGER NOT NULL CHECK (${column} BETWEEN -9007199254740991 AND 9007199254740991)`

/** What a metric is, column by column: metric-facts.ts. */
const factsColumns = `metric_group TEXT NOT NULL,
    label TEXT NOT NULL,
    unit TEXT NOT NULL,
    meaning TEXT NOT NULL,
    base TEXT NOT NULL,
    metric_window TEXT NOT NULL,
    least REAL,
    most REAL,
    smallest_effect REAL NOT NULL,
    is_effect_relative INTEGER NOT NULL CHECK (is_effect_relative IN (0, 1))`

export const createStatements: ReadonlyArray<string> = [
  `CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL,
    scenario TEXT NOT NULL,
    title TEXT NOT NULL,
    about TEXT NOT NULL,
    scenario_yaml TEXT NOT NULL,
    economy TEXT NOT NULL,
    scale REAL NOT NULL,
    credit_usd REAL,
    seed TEXT NOT NULL,
    command TEXT NOT NULL,
    horizon_seconds REAL,
    warmup_seconds REAL,
    replications_asked REAL,
    digest TEXT NOT NULL,
    requests REAL,
    events REAL,
    wall_seconds REAL,
    finished_at TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE replications (
    replication INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    requests REAL,
    events REAL,
    wall_seconds REAL
  ) STRICT`,
  `CREATE TABLE metrics (
    position INTEGER NOT NULL,
    name TEXT PRIMARY KEY,
    mean REAL,
    low REAL,
    high REAL,
    half_width REAL,
    n REAL,
    basis TEXT NOT NULL,
    trend_difference REAL,
    trend_half_width REAL,
    ${factsColumns}
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE replication_metrics (
    replication INTEGER NOT NULL REFERENCES replications,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    PRIMARY KEY (replication, name)
  ) STRICT, WITHOUT ROWID`,
  // A check without a replication is one of the whole run.
  `CREATE TABLE checks (
    replication INTEGER REFERENCES replications,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
    detail TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE series_head (
    id INTEGER PRIMARY KEY,
    replication INTEGER NOT NULL REFERENCES replications,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    unit TEXT NOT NULL,
    bin_seconds REAL
  ) STRICT`,
  `CREATE TABLE series_value (
    series INTEGER NOT NULL REFERENCES series_head,
    bin INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (series, bin)
  ) STRICT, WITHOUT ROWID`,
  // The long form that people query; the two tables behind it take 18 bytes a value, not some 80.
  `CREATE VIEW series AS
    SELECT replication, name, key, unit, bin_seconds, bin, value
    FROM series_head JOIN series_value ON series = id`,
  `CREATE TABLE histogram_head (
    id INTEGER PRIMARY KEY,
    replication INTEGER NOT NULL REFERENCES replications,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    unit TEXT NOT NULL
  ) STRICT`,
  // The last edge of a histogram opens no bin: its count is NULL.
  `CREATE TABLE histogram_edge (
    histogram INTEGER NOT NULL REFERENCES histogram_head,
    bin INTEGER NOT NULL,
    edge REAL,
    count REAL,
    PRIMARY KEY (histogram, bin)
  ) STRICT, WITHOUT ROWID`,
  `CREATE VIEW histograms AS
    SELECT replication, name, key, unit, low.bin AS bin,
      low.edge AS lower, high.edge AS upper, low.count AS count
    FROM histogram_head
    JOIN histogram_edge low ON low.histogram = id
    JOIN histogram_edge high ON high.histogram = id AND high.bin = low.bin + 1`,
  `CREATE TABLE nodes (
    replication INTEGER NOT NULL REFERENCES replications,
    position INTEGER NOT NULL,
    node REAL,
    operator REAL,
    device TEXT NOT NULL,
    device_class TEXT NOT NULL,
    model TEXT NOT NULL,
    joined_seconds REAL,
    left_seconds REAL,
    online_hours REAL,
    busy_slot_hours REAL,
    slots REAL,
    requests REAL,
    failures REAL,
    output_tokens REAL,
    ${money("share_earned")},
    ${money("bounty_earned")},
    ${money("withheld")},
    cost_credits REAL,
    parks REAL,
    switches REAL,
    health REAL,
    PRIMARY KEY (replication, position)
  ) STRICT, WITHOUT ROWID`,
]
