/**
 * The tables of a data directory, as numbered steps; a later version adds steps and changes none.
 *
 * `journal` and `postings` are only ever appended to. The tables of the directory hold one JSON
 * record a row: what they name is known by the kernel as a number only.
 */
import * as Migrator from "@effect/sql/Migrator"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import type { RecordKind } from "../../store.ts"

/** Minor units and ids: beyond 2^53 − 1 the driver would read another number than was written. */
const isSafe = (column: string): string =>
  `CHECK (${column} BETWEEN -9007199254740991 AND 9007199254740991)`

const makeRecordTable = (table: RecordKind): string => `CREATE TABLE ${table} (
  id INTEGER PRIMARY KEY,
  record TEXT NOT NULL CHECK (json_valid(record))
) STRICT`

/**
 * Which rows the indexes of postings hold; SQLite takes an index only for a query that says the same.
 * The system's own accounts (below 5) are in half of all postings and have no statement.
 */
export const ofCustomers = (column: string): string => `${column} >= 5`

const firstKinds = [
  "accounts",
  "keys",
  "models",
  "hosts",
  "instances",
  "transfers",
] as const satisfies ReadonlyArray<RecordKind>

const first = Effect.gen(function* () {
  const sql = yield* SqlClient
  const run = (statement: string) => sql.unsafe(statement)
  yield* run(`CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`)
  yield* run(`CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    commands TEXT NOT NULL,
    digest TEXT NOT NULL
  ) STRICT`)
  yield* run(`CREATE TABLE postings (
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    debit INTEGER NOT NULL,
    credit INTEGER NOT NULL,
    amount INTEGER NOT NULL ${isSafe("amount")},
    reference INTEGER NOT NULL ${isSafe("reference")},
    PRIMARY KEY (seq, line)
  ) STRICT, WITHOUT ROWID`)
  for (const side of ["debit", "credit"])
    yield* run(
      `CREATE INDEX postings_by_${side} ON postings (${side}, seq) WHERE ${ofCustomers(side)}`,
    )
  // A group of entries and their postings as two JSON arrays, taken apart by SQLite: one statement is
  // one transaction and one trip to the disk's thread, however many rows it has.
  yield* run("CREATE VIEW entries AS SELECT NULL AS journal, NULL AS postings")
  yield* run(`CREATE TRIGGER take_entries INSTEAD OF INSERT ON entries BEGIN
    INSERT INTO journal (seq, at, event, commands, digest)
      SELECT value ->> 0, value ->> 1, value -> 2, value -> 3, value ->> 4
      FROM json_each(NEW.journal);
    INSERT INTO postings (seq, line, at, kind, debit, credit, amount, reference)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7
      FROM json_each(NEW.postings);
  END`)
  yield* run(`CREATE TABLE snapshots (seq INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT`)
  yield* run(`CREATE TABLE deliveries (
    request INTEGER PRIMARY KEY,
    attempt INTEGER NOT NULL,
    tokens INTEGER NOT NULL
  ) STRICT`)
  for (const table of firstKinds) yield* run(makeRecordTable(table))
  // What the market found out, and what was done with an admin key (`actor`).
  yield* run(`CREATE TABLE audits (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    finding TEXT NOT NULL,
    subject INTEGER,
    quantity INTEGER,
    actor TEXT
  ) STRICT`)
})

/**
 * What is written together is a group, with digests of its journal rows and of its postings, chained to
 * the group before; `sums` says what the rows of the other tables add up to (row-sums.ts). Group 0
 * stands for entries that were written before there were groups.
 */
const sealed = Effect.gen(function* () {
  const sql = yield* SqlClient
  const run = (statement: string) => sql.unsafe(statement)
  yield* run(`CREATE TABLE groups (
    number INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    written_at_millis INTEGER NOT NULL,
    journal TEXT NOT NULL,
    postings TEXT NOT NULL,
    chain TEXT NOT NULL
  ) STRICT`)
  yield* run(`INSERT INTO groups SELECT 0, coalesce(max(seq), 0), 0, '', '', '' FROM journal`)
  yield* run(`CREATE TABLE sums (
    name TEXT PRIMARY KEY,
    rows INTEGER NOT NULL,
    total INTEGER NOT NULL
  ) STRICT`)
  // A digest of all definitions after a step, since they decide what is written (store.ts).
  yield* run(`CREATE TABLE definitions (step INTEGER PRIMARY KEY, digest TEXT NOT NULL) STRICT`)
  yield* run(`DROP TRIGGER take_entries`)
  yield* run(`DROP VIEW entries`)
  yield* run(
    `CREATE VIEW entries AS SELECT NULL AS journal, NULL AS postings, NULL AS seal, NULL AS sums`,
  )
  yield* run(`CREATE TRIGGER take_entries INSTEAD OF INSERT ON entries BEGIN
    INSERT INTO journal (seq, at, event, commands, digest)
      SELECT value ->> 0, value ->> 1, value -> 2, value -> 3, value ->> 4
      FROM json_each(NEW.journal);
    INSERT INTO postings (seq, line, at, kind, debit, credit, amount, reference)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7
      FROM json_each(NEW.postings);
    INSERT INTO groups (number, last_seq, written_at_millis, journal, postings, chain)
      SELECT NEW.seal ->> 0, NEW.seal ->> 1, NEW.seal ->> 2, NEW.seal ->> 3, NEW.seal ->> 4,
        NEW.seal ->> 5;
    INSERT OR REPLACE INTO sums (name, rows, total)
      SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(NEW.sums);
  END`)
  yield* run(`DROP TABLE snapshots`)
  yield* run(`CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY,
    checksum TEXT NOT NULL,
    state BLOB NOT NULL
  ) STRICT`)
})

/** What calls were charged for comes with their entries, in the same statement. */
const receipted = Effect.gen(function* () {
  const sql = yield* SqlClient
  const run = (statement: string) => sql.unsafe(statement)
  yield* run(`CREATE TABLE receipts (
    request INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    account INTEGER NOT NULL,
    key INTEGER,
    request_id TEXT,
    model INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    input_price INTEGER NOT NULL ${isSafe("input_price")},
    output_price INTEGER NOT NULL ${isSafe("output_price")},
    charge INTEGER NOT NULL ${isSafe("charge")},
    outcome TEXT NOT NULL
  ) STRICT`)
  yield* run(`CREATE INDEX receipts_by_account ON receipts (account, at, request)`)
  yield* run(`CREATE INDEX receipts_by_request_id ON receipts (request_id)`)
  yield* run(`DROP TRIGGER take_entries`)
  yield* run(`DROP VIEW entries`)
  yield* run(`CREATE VIEW entries AS
    SELECT NULL AS journal, NULL AS postings, NULL AS seal, NULL AS sums, NULL AS receipts`)
  yield* run(`CREATE TRIGGER take_entries INSTEAD OF INSERT ON entries BEGIN
    INSERT INTO journal (seq, at, event, commands, digest)
      SELECT value ->> 0, value ->> 1, value -> 2, value -> 3, value ->> 4
      FROM json_each(NEW.journal);
    INSERT INTO postings (seq, line, at, kind, debit, credit, amount, reference)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7
      FROM json_each(NEW.postings);
    INSERT INTO groups (number, last_seq, written_at_millis, journal, postings, chain)
      SELECT NEW.seal ->> 0, NEW.seal ->> 1, NEW.seal ->> 2, NEW.seal ->> 3, NEW.seal ->> 4,
        NEW.seal ->> 5;
    INSERT OR REPLACE INTO sums (name, rows, total)
      SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(NEW.sums);
    INSERT INTO receipts (request, at, account, key, request_id, model, instance, input_tokens,
        output_tokens, input_price, output_price, charge, outcome)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
      FROM json_each(NEW.receipts);
  END`)
})

/** The market's past in figures, kept for as long as anybody looks at it (operations/trends.ts). */
const sampled = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* sql.unsafe(`CREATE TABLE samples (
    step INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    at INTEGER NOT NULL,
    figures TEXT NOT NULL CHECK (json_valid(figures)),
    PRIMARY KEY (step, subject, at)
  ) STRICT, WITHOUT ROWID`)
})

/** Browsers that are signed in: hashes of their secrets, and JSON of what they stand for. */
const signedIn = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* sql.unsafe(`CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    session TEXT NOT NULL CHECK (json_valid(session))
  ) STRICT, WITHOUT ROWID`)
})

const kindsOfHours = [
  "regions",
  "gpus",
  "bookings",
  "webhooks",
] as const satisfies ReadonlyArray<RecordKind>

/** Hours of machines: what is sold, who booked it, and each step of that. */
const booked = Effect.gen(function* () {
  const sql = yield* SqlClient
  for (const table of kindsOfHours) yield* sql.unsafe(makeRecordTable(table))
  yield* sql.unsafe(`CREATE TABLE booking_steps (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    booking INTEGER NOT NULL,
    listing INTEGER NOT NULL,
    consumer INTEGER NOT NULL,
    provider INTEGER NOT NULL,
    kind TEXT NOT NULL,
    figures TEXT NOT NULL CHECK (json_valid(figures))
  ) STRICT`)
  for (const column of ["booking", "listing", "consumer", "provider"])
    yield* sql.unsafe(`CREATE INDEX booking_steps_by_${column} ON booking_steps (${column}, id)`)
})

const kindsOfBatches = ["files", "batches"] as const satisfies ReadonlyArray<RecordKind>

/** Files that people bring and take home, in parts; and the items of batches that are not over. */
const batched = Effect.gen(function* () {
  const sql = yield* SqlClient
  for (const table of kindsOfBatches) yield* sql.unsafe(makeRecordTable(table))
  yield* sql.unsafe(`CREATE TABLE file_parts (
    file INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (file, part)
  ) STRICT, WITHOUT ROWID`)
  yield* sql.unsafe(`CREATE TABLE batch_items (
    batch INTEGER NOT NULL,
    item INTEGER NOT NULL,
    asked TEXT NOT NULL CHECK (json_valid(asked)),
    answer TEXT CHECK (answer IS NULL OR json_valid(answer)),
    PRIMARY KEY (batch, item)
  ) STRICT, WITHOUT ROWID`)
})

/** Contracts and reservations that one account offers another. */
const offered = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* sql.unsafe(makeRecordTable("offers"))
})

export const steps = {
  "0001_first": first,
  "0002_sealed": sealed,
  "0003_receipted": receipted,
  "0004_sampled": sampled,
  "0005_signed_in": signedIn,
  "0006_booked": booked,
  "0007_batched": batched,
  "0008_offered": offered,
}

/** Brings the tables up to this version's. */
export const migrate = Migrator.make({})({ loader: Migrator.fromRecord(steps) })
