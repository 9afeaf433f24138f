/**
 * The ledger's accounts: a few of the system's, then four lots for each customer.
 *
 * All money moves as double-entry transfers between these, so the sum over all of them is 0 at
 * every instant. Only `world`, the outside that credits are bought from and withdrawn to, and
 * `promotion`, what the platform has given away, may go below 0.
 */
import type { CommandSink, PostingKind } from "../protocol/command.ts"
import { emitPost } from "../protocol/command.ts"
import { invariant } from "../core/invariant.ts"
import type { Table } from "../core/table.ts"
import { makeTable } from "../core/table.ts"

/** System accounts by number. */
export const world = 0
export const platform = 1
export const bountyPool = 2
export const promotion = 3
/** Money of the call that is being settled: 0 between steps. */
export const clearing = 4
const systemAccounts = 5

/** A customer's lots, in the order that calls spend them; vesting credits cannot be spent. */
export const gift = 0
export const bought = 1
export const earned = 2
export const vesting = 3
export const lotNames = ["gift", "bought", "earned", "vesting"] as const
const lotsPerCustomer = lotNames.length

/** What credits may be held for: a table of open holds each. */
export const holdPurposes = [
  "requests",
  "withdrawals",
  "bookings",
  "bonds",
  "deposits",
  "batches",
] as const
export type HoldPurpose = (typeof holdPurposes)[number]

const holdSpec = { customer: "i32", gift: "f64", bought: "f64", earned: "f64" } as const

export interface Ledger {
  /** Posted balance of each account, minor units. */
  posted: Float64Array<ArrayBuffer>
  /** Part of the posted balance that is held, minor units. */
  held: Float64Array<ArrayBuffer>
  customers: number
  /**
   * Open holds: of requests by request id, of withdrawals by transfer id, of bookings and of the providers'
   * bonds by booking id, of deposits by twice the booking id, the provider's one more; of batches by theirs.
   */
  readonly holds: Readonly<Record<HoldPurpose, HoldTable>>
  /** Transfer ids that were accepted once and are never accepted again. */
  readonly transfers: Set<number>
}

export type HoldTable = Table<typeof holdSpec>

export const makeLedger = (): Ledger => ({
  posted: new Float64Array(systemAccounts + 16 * lotsPerCustomer),
  held: new Float64Array(systemAccounts + 16 * lotsPerCustomer),
  customers: 0,
  holds: Object.fromEntries(
    holdPurposes.map((purpose) => [purpose, makeTable(holdSpec, purpose === "requests" ? 16 : 1)]),
  ) as Record<HoldPurpose, HoldTable>,
  transfers: new Set(),
})

/** Number of a customer's lot among the ledger's accounts. Customers count from 0. */
export const lotAccount = (customer: number, lot: number): number =>
  systemAccounts + customer * lotsPerCustomer + lot

/** Adds the next customer, with empty lots. */
export const openCustomer = (ledger: Ledger): number => {
  const customer = ledger.customers++
  const least = lotAccount(ledger.customers, 0)
  if (least > ledger.posted.length) {
    ledger.posted = widened(ledger.posted)
    ledger.held = widened(ledger.held)
  }
  invariant(ledger.posted[lotAccount(customer, gift)] === 0, "a new customer owns nothing")
  return customer
}

const widened = (values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const wider = new Float64Array(values.length * 2)
  wider.set(values)
  return wider
}

export const availableOf = (ledger: Ledger, account: number): number =>
  ledger.posted[account] - ledger.held[account]

/** What a customer can spend on calls now: gift, bought and earned, less what is held. */
export const spendableOf = (ledger: Ledger, customer: number): number => {
  const first = lotAccount(customer, gift)
  return (
    availableOf(ledger, first) +
    availableOf(ledger, first + bought) +
    availableOf(ledger, first + earned)
  )
}

/**
 * Moves `amount` from one account to another. The caller has checked that it is there: an overdraft
 * of anyone but the world is a broken invariant, and throws.
 */
export const post = (
  ledger: Ledger,
  sink: CommandSink,
  kind: PostingKind,
  debit: number,
  credit: number,
  amount: number,
  reference: number,
): void => {
  if (amount === 0) return
  const { posted, held } = ledger
  const left = posted[debit] - amount
  invariant(
    amount > 0 && (debit === world || debit === promotion || left >= held[debit]),
    "a transfer moves something, and overdraws nobody",
  )
  posted[debit] = left
  posted[credit] += amount
  emitPost(sink, { _tag: "Post", kind, debit, credit, amount, reference })
}

/** Would all money in the market leave the safe range? Every balance is bounded by it. */
export const wouldOverflow = (ledger: Ledger, amount: number): boolean =>
  amount - ledger.posted[world] - ledger.posted[promotion] > Number.MAX_SAFE_INTEGER

/** A customer's balance by lot, minor units. */
export interface Balance {
  readonly gift: number
  readonly bought: number
  readonly earned: number
  readonly vesting: number
  /** Part of gift, bought and earned that is held for open calls and withdrawals. */
  readonly held: number
  readonly spendable: number
}

export const balanceOf = (ledger: Ledger, customer: number): Balance => {
  const first = lotAccount(customer, 0)
  const { posted, held } = ledger
  return {
    gift: posted[first + gift],
    bought: posted[first + bought],
    earned: posted[first + earned],
    vesting: posted[first + vesting],
    held: held[first + gift] + held[first + bought] + held[first + earned],
    spendable: spendableOf(ledger, customer),
  }
}

/** Which lot of which customer a ledger account is; `undefined` for the system's accounts. */
export const lotOf = (
  account: number,
): { readonly customer: number; readonly lot: number } | undefined =>
  account < systemAccounts
    ? undefined
    : {
        customer: Math.floor((account - systemAccounts) / lotsPerCustomer),
        lot: (account - systemAccounts) % lotsPerCustomer,
      }

/** Who an account is, for a reader: "platform", "customer 3 earned". */
export const accountName = (account: number): string => {
  if (account < systemAccounts)
    return ["world", "platform", "bounty pool", "promotion", "clearing"][account] as string
  const customer = Math.floor((account - systemAccounts) / lotsPerCustomer)
  const lot = (account - systemAccounts) % lotsPerCustomer
  return `customer ${customer} ${lotNames[lot]}`
}
