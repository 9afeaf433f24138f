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
import type { AccountId } from "../../engine/index.ts"
import { Effect, Schema } from "effect"
import { lotAccount, lotNames } from "../../engine/index.ts"
import { described, pageOf, UnixSeconds } from "../http/fields.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { StoredPosting } from "../store/journal.ts"
import type { StatementPlace } from "../store/store.ts"
import { ledgerAccount } from "../views/balance.ts"
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

/** `undefined` where the text is no cursor that a page gave. */
export const parseCursor = (text: string): StatementPlace | undefined => {
  const match = /^(\d{1,15})-(\d{1,9})-([01])$/.exec(text)
  if (match === null) return undefined
  return { seq: Number(match[1]), line: Number(match[2]), side: match[3] === "1" ? 1 : 0 }
}

const cursorOf = ({ seq, line, side }: StatementPlace): string => `${seq}-${line}-${side}`

/**
 * The newest `count` lines before `cursor`, or the newest of all. The account's own only: its lots
 * are what is asked for.
 */
export const statementPage = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  count: number,
  cursor: StatementPlace | undefined,
): Effect.Effect<StatementPage, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { driver, store } = services
    const { market } = driver
    const { customer } = ledgerAccount(market, account)
    const lots = lotNames.map((_, lot) => lotAccount(customer, lot))
    // The kernel's balance and the journal's end belong together: nothing comes between these lines.
    const { gift, bought, earned, vesting } = ledgerAccount(market, account)
    const lastSeq = store.lastSeq()
    yield* durably(driver)
    const newest: StatementPlace = { seq: lastSeq + 1, line: 0, side: 0 }
    const before = cursor === undefined || cursor.seq > lastSeq ? newest : cursor
    const { lines, newer } = yield* store.statement({ lots, before, count: count + 1, lastSeq })
    let balance = gift + bought + earned + vesting - newer
    const shown = lines.slice(0, count)
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
      next_cursor: lines.length > count && last !== undefined ? cursorOf(last) : null,
      verified: store.history.isChecked(),
    }
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
