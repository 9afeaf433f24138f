/**
 * The journal and its postings as they stand on disk, for whoever reads them again. What is handed out
 * here was compared with its group's digests (seal.ts); what differs is an error that says where.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Either, Schema } from "effect"
import type { Command } from "../../../../engine/index.ts"
import { MarketEvent } from "../../../../engine/index.ts"
import { StoreDamaged } from "../../errors.ts"
import { readingTable } from "../schema/damage.ts"
import type { StoredEntry, StoredPosting, TakePage } from "../../journal.ts"
import type { Seal } from "./seal.ts"
import { chainOf, digestOfText, noSeal } from "./seal.ts"

/** The digest of an entry as it stands there. */
export const digestAt = (
  reader: SqlClient,
  seq: number,
): Effect.Effect<string | undefined, SqlError> =>
  Effect.map(
    reader.unsafe<{ readonly digest: string }>("SELECT digest FROM journal WHERE seq = ?", [seq]),
    ([row]) => row?.digest,
  )

interface JournalRow {
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly commands: string
  readonly digest: string
}

/** Entries that are read at a time; a group is never taken apart. */
const pageEntries = 5000
const pageGroups = 2000

/**
 * Calls `take` with the entries after `afterSeq` and their postings, in order, some thousand at a time.
 * They are as they were written, or it fails.
 */
export const forEachPage = <E>(
  reader: SqlClient,
  afterSeq: number,
  take: TakePage<E>,
): Effect.Effect<void, E | SqlError | StoreDamaged> =>
  forEachGroups(reader, afterSeq, (groups, rows, postings) =>
    Effect.flatMap(checkPage(groups, rows, postings), () => {
      const entries = rows.filter(({ seq }) => seq > afterSeq)
      return Effect.flatMap(Effect.forEach(entries, parseEntry), (parsed) =>
        parsed.length === 0
          ? Effect.void
          : take(
              parsed,
              postings.filter(({ seq }) => seq > afterSeq),
            ),
      )
    }),
  )

/** The same from the first entry on, as it stands there, whether it was written so or not. */
export const forEachUncheckedPage = <E>(
  reader: SqlClient,
  take: TakePage<E>,
): Effect.Effect<void, E | SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    for (let last = 0; ;) {
      const rows = yield* readingTable("journal")(
        reader.unsafe<JournalRow>(
          "SELECT seq, at, event, commands, digest FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
          [last, pageEntries],
        ),
      )
      if (rows.length === 0) return
      const end = rows[rows.length - 1].seq
      const entries = yield* Effect.forEach(rows, parseEntry)
      yield* take(entries, yield* postingsBetween(reader, last + 1, end))
      last = end
    }
  })

/** Compares every group from the one that holds entry `afterSeq` + 1 with its digests. */
export const checkGroups = (
  reader: SqlClient,
  afterSeq: number,
  pause: Effect.Effect<void>,
): Effect.Effect<void, SqlError | StoreDamaged> =>
  forEachGroups(reader, afterSeq, (groups, rows, postings) =>
    Effect.zipRight(pause, checkPage(groups, rows, postings)),
  )

/** Consecutive groups: the one before them, and they. */
interface Groups {
  readonly before: Seal
  readonly groups: ReadonlyArray<Seal>
}

const forEachGroups = <E>(
  reader: SqlClient,
  afterSeq: number,
  take: (
    page: Groups,
    rows: ReadonlyArray<JournalRow>,
    postings: ReadonlyArray<StoredPosting>,
  ) => Effect.Effect<void, E>,
): Effect.Effect<void, E | SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const last = yield* lastSeal(reader)
    let before = yield* sealBefore(reader, last, afterSeq)
    // Entries from before there were groups.
    for (let from = afterSeq; before.number === 0 && from < before.lastSeq;) {
      const to = Math.min(from + pageEntries, before.lastSeq)
      const rows = yield* rowsBetween(reader, from + 1, to)
      const none = { before: noSeal(from), groups: [] }
      yield* take(none, rows, yield* postingsBetween(reader, from + 1, to))
      from = to
    }
    while (before.number < last.number) {
      const listed = yield* sealsAfter(reader, before.number, pageGroups)
      const groups = pageOf(before, listed)
      if (groups.length === 0) return yield* missingGroup(before.number + 1)
      const end = groups[groups.length - 1]
      const rows = yield* rowsBetween(reader, before.lastSeq + 1, end.lastSeq)
      const postings = yield* postingsBetween(reader, before.lastSeq + 1, end.lastSeq)
      yield* take({ before, groups }, rows, postings)
      before = end
    }
  })

/** As many groups as make a page, at least one. */
const pageOf = (before: Seal, listed: ReadonlyArray<Seal>): ReadonlyArray<Seal> => {
  const end = listed.findIndex(({ lastSeq }) => lastSeq - before.lastSeq >= pageEntries)
  return end < 0 ? listed : listed.slice(0, end + 1)
}

const checkPage = (
  { before, groups }: Groups,
  rows: ReadonlyArray<JournalRow>,
  postings: ReadonlyArray<StoredPosting>,
): Effect.Effect<void, StoreDamaged> => {
  let nextRow = 0
  let nextPosting = 0
  let last = before
  for (const group of groups) {
    if (group.number !== last.number + 1) return missingGroup(last.number + 1)
    if (group.chain !== chainOf(last, group) || group.lastSeq < last.lastSeq)
      return damaged("groups", last, group, "its digests are not as they were written")
    const firstRow = nextRow
    const firstPosting = nextPosting
    while (nextRow < rows.length && rows[nextRow].seq <= group.lastSeq) nextRow += 1
    while (nextPosting < postings.length && postings[nextPosting].seq <= group.lastSeq)
      nextPosting += 1
    const found = nextRow - firstRow
    const written = group.lastSeq - last.lastSeq
    if (found !== written)
      return damaged("journal", last, group, `${found} entries are there of ${written}`)
    if (digestOfText(journalText(rows.slice(firstRow, nextRow))) !== group.journal)
      return damaged("journal", last, group, "an entry is not as it was written")
    if (digestOfText(postingsText(postings.slice(firstPosting, nextPosting))) !== group.postings)
      return damaged("postings", last, group, "a posting is missing, or not as it was written")
    last = group
  }
  return Effect.void
}

const missingGroup = (number: number): Effect.Effect<never, StoreDamaged> =>
  new StoreDamaged({ table: "groups", where: `group ${number}`, what: "it is missing" })

const damaged = (
  table: string,
  { lastSeq }: Seal,
  group: Seal,
  what: string,
): Effect.Effect<never, StoreDamaged> => {
  const entries =
    group.lastSeq <= lastSeq ? "no entries" : `entries ${lastSeq + 1} to ${group.lastSeq}`
  return new StoreDamaged({ table, where: `group ${group.number}, ${entries}`, what })
}

/** The very text that was given to the database (commit-queue.ts). */
const journalText = (rows: ReadonlyArray<JournalRow>): string =>
  `[${rows
    .map(
      ({ seq, at, event, commands, digest }) =>
        `[${seq},${at},${event},${commands},${JSON.stringify(digest)}]`,
    )
    .join(",")}]`

const postingsText = (postings: ReadonlyArray<StoredPosting>): string =>
  JSON.stringify(
    postings.map(({ seq, line, at, kind, debit, credit, amount, reference }) => [
      seq,
      line,
      at,
      kind,
      debit,
      credit,
      amount,
      reference,
    ]),
  )

const decodeEvent = Schema.decodeUnknownEither(MarketEvent)

const parseEntry = ({
  seq,
  event,
  commands,
  digest,
}: JournalRow): Either.Either<StoredEntry, StoreDamaged> => {
  const wrong = (what: string) =>
    Either.left(new StoreDamaged({ table: "journal", where: `entry ${seq}`, what }))
  try {
    const happened: unknown = JSON.parse(event)
    // Commands are compared with what the kernel gives again, and never acted on.
    const given = JSON.parse(commands) as ReadonlyArray<Command>
    const known = decodeEvent(happened)
    if (known._tag === "Right")
      return Either.right({ seq, event: known.right, commands: given, digest })
    // What the kernel rejected may be of any form; it is rejected again.
    return given.some(({ _tag }) => _tag === "Rejected")
      ? Either.right({ seq, event: happened as MarketEvent, commands: given, digest })
      : wrong("it is no event that this version knows")
  } catch {
    return wrong("it is no JSON")
  }
}

interface GroupRow {
  readonly number: number
  readonly last_seq: number
  readonly written_at_millis: number
  readonly journal: string
  readonly postings: string
  readonly chain: string
}

/** The furthest time that a date can be of, Unix time, ms (ECMA-262, 21.4.1.1). */
const latestMillis = 8_640_000_000_000_000

/** Of a page that is another table's, a row may hold anything, whatever the table says. */
const sealOf = ({
  last_seq: lastSeq,
  written_at_millis: writtenAtMillis,
  ...row
}: GroupRow): Effect.Effect<Seal, StoreDamaged> => {
  const isWhole =
    [row.number, lastSeq, writtenAtMillis].every((one) => Number.isSafeInteger(one) && one >= 0) &&
    [row.journal, row.postings, row.chain].every((one) => typeof one === "string") &&
    writtenAtMillis <= latestMillis
  return isWhole
    ? Effect.succeed({ ...row, lastSeq, writtenAtMillis })
    : new StoreDamaged({
        table: "groups",
        where: `group ${String(row.number)}`,
        what: "it is not as it was written",
      })
}

/** The last group of a directory that has groups; where it has none, all entries are before them. */
export const lastSeal = (reader: SqlClient): Effect.Effect<Seal, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const tables = yield* reader.unsafe<{ readonly name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('groups', 'journal')",
    )
    const names = tables.map(({ name }) => name)
    if (names.includes("groups")) {
      const rows = yield* readingTable("groups")(
        reader.unsafe<GroupRow>("SELECT * FROM groups ORDER BY number DESC LIMIT 1"),
      )
      if (rows.length > 0) return yield* sealOf(rows[0])
    }
    if (!names.includes("journal")) return noSeal(0)
    const rows = yield* reader.unsafe<{ readonly seq: number | null }>(
      "SELECT max(seq) AS seq FROM journal",
    )
    return noSeal(rows[0]?.seq ?? 0)
  })

const noGroup = Effect.as(Effect.void, undefined)

export const sealOfGroup = (
  reader: SqlClient,
  number: number,
): Effect.Effect<Seal | undefined, SqlError | StoreDamaged> =>
  Effect.flatMap(
    readingTable("groups")(
      reader.unsafe<GroupRow>("SELECT * FROM groups WHERE number = ?", [number]),
    ),
    (rows) => (rows.length === 0 ? noGroup : sealOf(rows[0])),
  )

const sealsAfter = (
  reader: SqlClient,
  number: number,
  count: number,
): Effect.Effect<ReadonlyArray<Seal>, SqlError | StoreDamaged> =>
  Effect.flatMap(
    readingTable("groups")(
      reader.unsafe<GroupRow>("SELECT * FROM groups WHERE number > ? ORDER BY number LIMIT ?", [
        number,
        count,
      ]),
    ),
    (rows) => Effect.forEach(rows, sealOf),
  )

/** The last group that ends at `seq` or before it; group 0 where none does. O(log groups). */
const sealBefore = (
  reader: SqlClient,
  last: Seal,
  seq: number,
): Effect.Effect<Seal, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    if (last.number === 0) return last
    let low = 0
    let high = last.number
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const seal = yield* sealOfGroup(reader, middle)
      if (seal === undefined) return yield* missingGroup(middle)
      if (seal.lastSeq <= seq) low = middle
      else high = middle - 1
    }
    return (yield* sealOfGroup(reader, low)) ?? (yield* missingGroup(low))
  })

const rowsBetween = (
  reader: SqlClient,
  from: number,
  to: number,
): Effect.Effect<ReadonlyArray<JournalRow>, SqlError | StoreDamaged> =>
  readingTable("journal")(
    reader.unsafe<JournalRow>(
      "SELECT seq, at, event, commands, digest FROM journal WHERE seq BETWEEN ? AND ? ORDER BY seq",
      [from, to],
    ),
  )

/** The postings of the entries `from` … `to`, in order. */
const postingsBetween = (
  reader: SqlClient,
  from: number,
  to: number,
): Effect.Effect<ReadonlyArray<StoredPosting>, SqlError | StoreDamaged> =>
  readingTable("postings")(
    reader.unsafe<StoredPosting>(
      `SELECT seq, line, at, kind, debit, credit, amount, reference FROM postings
        WHERE seq BETWEEN ? AND ? ORDER BY seq, line`,
      [from, to],
    ),
  )

/** The first journal entry at or after a time; times rise with the entries. O(log entries). */
export const firstSeqFrom = (
  reader: SqlClient,
  lastSeq: number,
  atMicros: number,
): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    let low = 1
    let high = lastSeq + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const rows = yield* reader.unsafe<{ readonly at: number }>(
        "SELECT at FROM journal WHERE seq = ?",
        [middle],
      )
      const at = rows[0]?.at
      if (at !== undefined && at < atMicros) low = middle + 1
      else high = middle
    }
    return low
  })
