/**
 * An account's statement: every posting that touched one of its lots, the newest first, with the
 * balance over all lots after it. Read from the postings on disk, page by page.
 *
 * The balance of the newest line is the kernel's; each older one follows by taking a line's amount
 * back. A page costs its own lines, and what lies between the newest line and the page.
 *
 * A large directory is checked while the gateway already runs (store/sqlite/history.ts): until then a page says
 * that its lines were not verified yet.
 */
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schema } from "effect"
import { balanceOf, lotAccount, lotNames } from "../../engine/index.ts"
import { described, pageOf, UnixSeconds } from "../http/fields.ts"
import type { LiveServices } from "../directory/services.ts"
import { ofCustomers } from "../store/sqlite/migrations.ts"
import type { StoredPosting } from "../store/sqlite/stored-journal.ts"
import { customerOf } from "../views/balance.ts"
import { creditsOf } from "../views/credits.ts"
import type { UnixTime } from "../views/market-time.ts"

const StatementLineView = Schema.Struct({
  id: Schema.String,
  at: UnixSeconds,
  kind: Schema.String,
  lot: Schema.Literal(...lotNames),
  amount: described(Schema.String, "Credits, as a decimal; negative: they left"),
  balance: described(Schema.String, "Credits of all lots after the line"),
  what: described(Schema.String, "The same in words"),
})

export const StatementPage = Schema.Struct({
  ...pageOf(StatementLineView).fields,
  verified: described(
    Schema.Boolean,
    "Whether what was written before the gateway's last start has been checked against its digests yet",
  ),
})
export type StatementPage = typeof StatementPage.Type

/** A line's place: postings in order, and within one the debit before the credit. */
interface Place {
  readonly seq: number
  readonly line: number
  readonly side: 0 | 1
}

interface SidedPosting extends StoredPosting, Place {}

/** `undefined` where the text is no cursor that a page gave. */
export const parseCursor = (text: string): Place | undefined => {
  const match = /^(\d{1,15})-(\d{1,9})-([01])$/.exec(text)
  if (match === null) return undefined
  return { seq: Number(match[1]), line: Number(match[2]), side: match[3] === "1" ? 1 : 0 }
}

const cursorOf = ({ seq, line, side }: Place): string => `${seq}-${line}-${side}`

const sides = [
  { side: 0, column: "debit" },
  { side: 1, column: "credit" },
] as const

/** How a column's rows compare with a place: the debit of the very posting is before its credit. */
const isBefore = (side: 0 | 1, place: Place): string => (side < place.side ? "<=" : "<")

/** Newest lines before `place`, each lot and side by its own index, merged by the outer query. */
const pageQuery = (lots: ReadonlyArray<number>, place: Place, count: number) => {
  const parameters: Array<number> = []
  const parts = lots.flatMap((lot) =>
    sides.map(({ side, column }) => {
      parameters.push(lot, place.seq, place.line, count)
      return `SELECT * FROM (SELECT *, ${side} AS side FROM postings
        WHERE ${column} = ? AND ${ofCustomers(column)} AND (seq, line) ${isBefore(side, place)} (?, ?)
        ORDER BY seq DESC, line DESC LIMIT ?)`
    }),
  )
  parameters.push(count)
  return {
    text: `${parts.join(" UNION ALL ")} ORDER BY seq DESC, line DESC, side DESC LIMIT ?`,
    parameters,
  }
}

/** What the lines from `place` up to the entry `lastSeq` add up to. */
const sumQuery = (lots: ReadonlyArray<number>, place: Place, lastSeq: number) => {
  const parameters: Array<number> = []
  const parts = lots.flatMap((lot) =>
    sides.map(({ side, column }) => {
      parameters.push(lot, place.seq, place.line, lastSeq)
      return `SELECT ${side === 1 ? "" : "-"}amount AS amount FROM postings
        WHERE ${column} = ? AND ${ofCustomers(column)} AND NOT ((seq, line) ${isBefore(side, place)} (?, ?))
          AND seq <= ?`
    }),
  )
  return { text: `SELECT sum(amount) AS total FROM (${parts.join(" UNION ALL ")})`, parameters }
}

/**
 * The newest `count` lines before `cursor`, or the newest of all. The account's own only: its lots
 * are what is asked for.
 */
export const statementPage = async (
  services: LiveServices,
  unixTime: UnixTime,
  account: number,
  count: number,
  cursor: Place | undefined,
): Promise<StatementPage> => {
  const { driver, store } = services
  const { market } = driver
  const customer = customerOf(market, account)
  const lots = lotNames.map((_, lot) => lotAccount(customer, lot))
  // The kernel's balance and the journal's end belong together: nothing comes between these lines.
  const { gift, bought, earned, vesting } = balanceOf(market.ledger, customer)
  const lastSeq = store.queue.lastSeq()
  await driver.durable()
  const newest: Place = { seq: lastSeq + 1, line: 0, side: 0 }
  const place = cursor === undefined || cursor.seq > lastSeq ? newest : cursor
  const [rows, newer] = await Effect.runPromise(readPage(store, lots, place, count + 1, lastSeq))
  let balance = gift + bought + earned + vesting - newer
  const shown = rows.slice(0, count)
  const data = shown.map((row) => {
    const signed = row.side === 1 ? row.amount : -row.amount
    const after = balance
    balance -= signed
    return {
      id: cursorOf(row),
      at: unixTime(row.at),
      kind: row.kind,
      lot: lotNames[lots.indexOf(row.side === 1 ? row.credit : row.debit)] ?? "gift",
      amount: creditsOf(market, signed),
      balance: creditsOf(market, after),
      what: meaningOf(services, row),
    }
  })
  const last = shown.at(-1)
  return {
    data,
    next_cursor: rows.length > count && last !== undefined ? cursorOf(last) : null,
    verified: store.history.isChecked(),
  }
}

const readPage = (
  store: LiveServices["store"],
  lots: ReadonlyArray<number>,
  place: Place,
  count: number,
  lastSeq: number,
): Effect.Effect<readonly [ReadonlyArray<SidedPosting>, number], SqlError> =>
  Effect.gen(function* () {
    const page = pageQuery(lots, place, count)
    const rows = yield* store.reader.unsafe<SidedPosting>(page.text, page.parameters)
    if (place.seq > lastSeq) return [rows, 0] as const
    const sum = sumQuery(lots, place, lastSeq)
    const totals = yield* store.reader.unsafe<{ readonly total: number | null }>(
      sum.text,
      sum.parameters,
    )
    return [rows, totals[0]?.total ?? 0] as const
  })

/** What a line is for, in words. */
const meaningOf = ({ directory }: LiveServices, { kind, reference }: StoredPosting): string => {
  const name = directory.transfers.get(reference)?.name
  switch (kind) {
    case "grant":
      return "Gift for signing up"
    case "purchase":
      return `Credits bought${name === undefined ? "" : `: ${name}`}`
    case "charge":
      return `Call ${reference}`
    case "share":
      return `Call ${reference}, served by a host of yours`
    case "bounty":
      return "Bounty on what your hosts served"
    case "vestingBounty":
      return "Bounty on what your hosts served, released day by day"
    case "vested":
      return "Bounty released"
    case "clawback":
      return "Bounty taken back"
    case "withdrawal":
      return `Withdrawal${name === undefined ? "" : `: ${name}`}`
    default:
      return kind
  }
}
