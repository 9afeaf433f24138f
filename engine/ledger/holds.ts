/**
 * Holds: credits set aside until the cost is known (docs/rules.md#calls). Pending, then drawn in parts
 * or posted at once, the rest voided; each hold resolves once.
 */
import type { CommandSink, PostingKind } from "../protocol/command.ts"
import { insert, remove } from "../core/table.ts"
import type { HoldTable, Ledger } from "./accounts.ts"
import { availableOf, bought, clearing, earned, gift, lotAccount, post } from "./accounts.ts"

/**
 * Holds `amount` of a customer's credits: gifts first, then bought, then earned. The caller has
 * checked that so much is spendable.
 */
export const hold = (
  ledger: Ledger,
  holds: HoldTable,
  id: number,
  customer: number,
  amount: number,
): void => {
  const first = lotAccount(customer, gift)
  const fromGift = Math.min(amount, availableOf(ledger, first + gift))
  const fromBought = Math.min(amount - fromGift, availableOf(ledger, first + bought))
  place(ledger, holds, id, customer, fromGift, fromBought, amount - fromGift - fromBought)
}

/** What a customer could stand for with credits of its own, bought or earned: never with gifts. */
export const ownOf = (ledger: Ledger, customer: number): number =>
  availableOf(ledger, lotAccount(customer, bought)) +
  availableOf(ledger, lotAccount(customer, earned))

/** Holds own credits, bought ones first. The caller has checked that they are there. */
export const holdOwn = (
  ledger: Ledger,
  holds: HoldTable,
  id: number,
  customer: number,
  amount: number,
): void => {
  const fromBought = Math.min(amount, availableOf(ledger, lotAccount(customer, bought)))
  place(ledger, holds, id, customer, 0, fromBought, amount - fromBought)
}

/** Holds earned credits only, for a withdrawal. The caller has checked that they are there. */
export const holdEarned = (
  ledger: Ledger,
  holds: HoldTable,
  id: number,
  customer: number,
  amount: number,
): void => place(ledger, holds, id, customer, 0, 0, amount)

const place = (
  ledger: Ledger,
  holds: HoldTable,
  id: number,
  customer: number,
  fromGift: number,
  fromBought: number,
  fromEarned: number,
): void => {
  const slot = insert(holds, id)
  const { columns } = holds
  columns.customer[slot] = customer
  columns.gift[slot] = fromGift
  columns.bought[slot] = fromBought
  columns.earned[slot] = fromEarned
  addHeld(ledger, customer, fromGift, fromBought, fromEarned)
}

const addHeld = (
  ledger: Ledger,
  customer: number,
  fromGift: number,
  fromBought: number,
  fromEarned: number,
): void => {
  const { held } = ledger
  const first = lotAccount(customer, gift)
  held[first + gift] += fromGift
  held[first + bought] += fromBought
  held[first + earned] += fromEarned
}

/** The whole of a hold, minor units. */
export const heldAmount = (holds: HoldTable, slot: number): number =>
  holds.columns.gift[slot] + holds.columns.bought[slot] + holds.columns.earned[slot]

/** Releases the whole hold. */
export const voidHold = (ledger: Ledger, holds: HoldTable, slot: number): void => {
  const { customer, gift: g, bought: b, earned: e } = holds.columns
  addHeld(ledger, customer[slot], -g[slot], -b[slot], -e[slot])
  remove(holds, slot)
}

/**
 * Posts `amount` (at most what is left of the hold) to an account, gifts first, and keeps the rest held.
 * Returns the part that was paid with gifts.
 */
export const drawHold = (
  ledger: Ledger,
  sink: CommandSink,
  holds: HoldTable,
  slot: number,
  amount: number,
  kind: PostingKind = "charge",
  to: number = clearing,
  reference: number = holds.ids[slot],
): number => {
  const { columns } = holds
  const customer = columns.customer[slot]
  const fromGift = Math.min(amount, columns.gift[slot])
  const fromBought = Math.min(amount - fromGift, columns.bought[slot])
  const fromEarned = amount - fromGift - fromBought
  columns.gift[slot] -= fromGift
  columns.bought[slot] -= fromBought
  columns.earned[slot] -= fromEarned
  addHeld(ledger, customer, -fromGift, -fromBought, -fromEarned)
  const first = lotAccount(customer, gift)
  post(ledger, sink, kind, first + gift, to, fromGift, reference)
  post(ledger, sink, kind, first + bought, to, fromBought, reference)
  post(ledger, sink, kind, first + earned, to, fromEarned, reference)
  return fromGift
}

/** Posts `charge`, as `drawHold` does, and releases the rest. */
export const postHold = (
  ledger: Ledger,
  sink: CommandSink,
  holds: HoldTable,
  slot: number,
  charge: number,
): number => {
  const { columns } = holds
  const id = holds.ids[slot]
  const customer = columns.customer[slot]
  const fromGift = Math.min(charge, columns.gift[slot])
  const fromBought = Math.min(charge - fromGift, columns.bought[slot])
  voidHold(ledger, holds, slot)
  const first = lotAccount(customer, gift)
  const fromEarned = charge - fromGift - fromBought
  post(ledger, sink, "charge", first + gift, clearing, fromGift, id)
  post(ledger, sink, "charge", first + bought, clearing, fromBought, id)
  post(ledger, sink, "charge", first + earned, clearing, fromEarned, id)
  return fromGift
}
