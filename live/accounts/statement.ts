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
import type { Receipt } from "../store/receipt.ts"
import type { StatementLine, StatementPlace } from "../store/store.ts"
import { ledgerAccount } from "../views/balance.ts"
import { creditsOf, pricePerToken } from "../views/credits.ts"
import { callId, hostOf } from "./calls.ts"
import type { UnixTime } from "../views/market-time.ts"

/** Who served a call is not told who asked. */
const LineCall = Schema.Struct({
  id: Schema.String,
  model: Schema.String,
  input_tokens: Schema.Int,
  output_tokens: Schema.Int,
  output_price_per_token: described(Schema.String, "What was paid for an output token, credits"),
  host: Schema.NullOr(Schema.String),
  key: Schema.NullOr(Schema.String),
  request_id: Schema.NullOr(Schema.String),
})
type LineCall = typeof LineCall.Type

const StatementLineView = Schema.Struct({
  id: Schema.String,
  at: UnixSeconds,
  kind: Schema.String,
  lot: Schema.Literal(...lotNames),
  amount: described(Schema.String, "Credits, as a decimal; negative: they left"),
  balance: described(Schema.String, "Credits of all lots after the line"),
  call: described(
    Schema.NullOr(LineCall),
    "Of a call, what is known of it; GET /account/calls/:id has the rest. null: of something else, or not known",
  ),
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
    const requests = new Set(shown.filter(isOfCall).map(({ reference }) => reference))
    const receipts = new Map(
      (yield* store.receiptsOf([...requests])).map((one) => [one.request, one] as const),
    )
    const data = shown.map((row) => {
      const receipt = isOfCall(row) ? receipts.get(row.reference) : undefined
      const call = receipt === undefined ? null : lineCall(services, row, receipt)
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
        call,
        what: meaningOf(services, row, call),
      }
    })
    const last = shown.at(-1)
    return {
      data,
      next_cursor: lines.length > count && last !== undefined ? cursorOf(last) : null,
      verified: store.history.isChecked(),
    }
  })

const isOfCall = ({ kind }: StatementLine): boolean => kind === "charge" || kind === "share"

const lineCall = (
  { directory, driver }: LiveServices,
  { kind }: StoredPosting,
  receipt: Receipt,
): LineCall => {
  const isOwn = kind === "charge"
  const key = isOwn && receipt.key !== null ? directory.keys.get(receipt.key) : undefined
  return {
    id: callId(receipt.request),
    model: directory.models.get(receipt.model)?.name ?? "",
    input_tokens: receipt.inputTokens,
    output_tokens: receipt.outputTokens,
    output_price_per_token: pricePerToken(driver.market, receipt.outputPricePerMtok),
    host: hostOf(directory, receipt.instance)?.name ?? null,
    key: key?.name ?? null,
    request_id: isOwn ? receipt.requestId : null,
  }
}

/** What a line is for, in words. */
const meaningOf = (
  { directory }: LiveServices,
  { kind, reference }: StatementLine,
  call: LineCall | null,
): string => {
  const tokens =
    call === null ? "" : `, ${call.input_tokens} + ${call.output_tokens} tokens of ${call.model}`
  const name = directory.transfers.get(reference)?.name
  const booking = directory.bookings.get(reference)?.publicId ?? `booking ${reference}`
  switch (kind) {
    case "grant":
      return "Gift for signing up"
    case "purchase":
      return `Credits bought${name === undefined ? "" : `: ${name}`}`
    case "charge":
      return `Call ${reference}${tokens}`
    case "rent":
      return `Hours of ${booking}`
    case "rentShare":
      return `Hours of ${booking}, delivered by a machine of yours`
    case "penalty":
      return `Hours of ${booking} that were not delivered`
    case "award":
      return `Deposit of a dispute over ${booking}`
    case "share":
      return `Call ${reference}, served by ${call?.host ?? "a host of yours"}${tokens}`
    case "lend":
      return `Call ${reference}, served in what you have reserved${tokens}`
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
