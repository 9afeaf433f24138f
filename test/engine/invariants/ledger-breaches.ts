/** The assertions of engine/ledger, broken: postings and holds directly, the audit in states of markets. */
import { emptyDigest } from "../../../engine/core/digest.ts"
import { insert } from "../../../engine/core/table.ts"
import {
  bought,
  clearing,
  gift,
  lotAccount,
  makeLedger,
  openCustomer,
  platform,
  post,
  promotion,
  vesting,
  world,
} from "../../../engine/ledger/accounts.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import type { Breaches } from "./breaches.ts"
import { audited } from "./states.ts"

const makeSink = () => ({ commands: [], digest: emptyDigest() })

/** A ledger with a customer who has bought 10. */
const makeBooks = () => {
  const ledger = makeLedger()
  const customer = openCustomer(ledger)
  post(ledger, makeSink(), "purchase", world, lotAccount(customer, bought), 10, 1)
  return ledger
}

/** Adds to an account, out of the world, so that all still adds up. */
const give = ({ ledger: { posted } }: Market, account: number, amount: number): void => {
  posted[account] += amount
  posted[world] -= amount
}

export const ledgerBreaches: Breaches = {
  "a new customer owns nothing": () => {
    const ledger = makeLedger()
    ledger.posted[lotAccount(0, gift)] = 1
    openCustomer(ledger)
  },
  "a transfer moves something, and overdraws nobody": () =>
    post(makeBooks(), makeSink(), "fee", clearing, platform, 1, 1),

  "a balance is whole and safe": audited("instance", (market) => give(market, platform, 0.5)),
  "what is held is at least 0": audited("instance", ({ ledger }) => (ledger.held[platform] = -1)),
  "nobody has less than is held of it": audited(
    "instance",
    ({ ledger }) => (ledger.posted[platform] = -1),
  ),
  "all balances add up to 0": audited("instance", ({ ledger }) => (ledger.posted[platform] += 1)),
  "clearing is empty between steps": audited("instance", (market) => give(market, clearing, 1)),
  "what was given away is owed by the promotion": audited("instance", (market) =>
    give(market, promotion, 1 - market.ledger.posted[promotion]!),
  ),
  "nothing of the system's own accounts is held": audited(
    "instance",
    ({ ledger }) => (ledger.held[promotion] = 1),
  ),
  "nothing is held of what vests": audited("instance", (market) => {
    give(market, lotAccount(0, vesting), 1)
    market.ledger.held[lotAccount(0, vesting)] = 1
  }),
  "nobody's lots are empty": audited("instance", (market) =>
    give(market, lotAccount(market.ledger.customers, gift), 1),
  ),
  "credits are held of a customer": audited(
    "instance",
    ({ ledger: { holds } }) => (holds.requests.columns.customer[insert(holds.requests, 9e9)] = 99),
  ),
  "no part of an open hold is below 0": audited(
    "instance",
    ({ ledger: { holds } }) => (holds.requests.columns.gift[insert(holds.requests, 9e9)] = -1),
  ),
  "what is held is what open holds hold": audited(
    "instance",
    ({ ledger: { holds } }) => (holds.requests.columns.gift[insert(holds.requests, 9e9)] = 1),
  ),
  "an open withdrawal is a transfer that was accepted": audited(
    "openWithdrawal",
    ({ ledger: { holds, transfers } }, slot) => transfers.delete(holds.withdrawals.ids[slot]!),
  ),
  "what is to be withdrawn was earned": audited("openWithdrawal", (market, slot) => {
    const { columns } = market.ledger.holds.withdrawals
    const lot = lotAccount(columns.customer[slot]!, gift)
    give(market, lot, 1)
    market.ledger.held[lot] += 1
    columns.gift[slot] = 1
  }),
}
