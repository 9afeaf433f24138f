/**
 * Compares a market of the kernel with the naive one, in everything that both of them know. Each
 * message begins with the number of the invariant that it would break. What the kernel alone knows is
 * for its own audit (`engine/market/invariants.ts`).
 */
import { countIn } from "../../engine/rules/health.ts"
import {
  accountName,
  balanceOf,
  bountyPool,
  platform,
  promotion,
  world,
} from "../../engine/ledger/accounts.ts"
import type { Market } from "../../engine/market/state/market-state.ts"
import { slotOf } from "../../engine/core/table.ts"
import { instanceView } from "../../engine/market/views/instance-view.ts"
import { ensure } from "./ensure.ts"
import type { NaiveInstance, NaiveMarket } from "./naive-market.ts"

export const compareMarkets = (market: Market, naive: NaiveMarket): void => {
  ensure(market.now === naive.clock.now, "the same time", () => [market.now, naive.clock.now])
  compareLedgers(market, naive)
  ensure(market.instances.slots.size === naive.instances.size, "the same instances", () => [
    ...market.instances.slots.keys(),
  ])
  for (const instance of naive.instances.values()) compareInstances(market, naive, instance)
  ensure(market.requests.slots.size === naive.requests.size, "the same open requests", () => [
    ...market.requests.slots.keys(),
  ])
}

const compareLedgers = ({ ledger, accounts }: Market, naive: NaiveMarket): void => {
  const { posted } = ledger
  const { system, pool } = naive
  for (const [account, balance] of [
    [world, system.world],
    [platform, system.platform],
    [bountyPool, system.pool],
    [promotion, system.promotion],
  ] as const)
    ensure(
      BigInt(posted[account] ?? 0) === balance,
      "6: the postings add up to the balance",
      () => [accountName(account), posted[account], balance],
    )
  ensure(
    system.pool >= 0n && pool.paid <= pool.received,
    "7: no more is paid than was received",
    () => pool,
  )
  ensure(
    accounts.slots.size === naive.accounts.size,
    "the same accounts",
    () => accounts.slots.size,
  )
  for (const account of naive.accounts.values()) {
    const {
      gift,
      bought,
      earned,
      vesting,
      held: heldNow,
      spendable,
    } = balanceOf(ledger, slotOf(accounts, account.id))
    const isSame =
      BigInt(gift) === account.gift &&
      BigInt(bought) === account.bought &&
      BigInt(earned) === account.earned &&
      BigInt(vesting) === account.vesting
    ensure(isSame, "6: the postings add up to the balance", () => ({
      account,
      gift,
      bought,
      earned,
      vesting,
    }))
    const holds = naive.heldOf(account.id)
    const sum = holds.gift + holds.bought + holds.earned
    ensure(BigInt(heldNow) === sum, "4: what is held is the open holds, each once", () => ({
      account,
      heldNow,
      holds,
    }))
    ensure(
      BigInt(spendable) === account.gift + account.bought + account.earned - sum,
      "2: what is spendable is what is not held",
      () => ({ account, spendable, holds }),
    )
  }
}

const compareInstances = (market: Market, naive: NaiveMarket, instance: NaiveInstance): void => {
  const view = instanceView(market, instance.id)
  ensure(view !== undefined, "the same instances", () => instance)
  ensure(view.inFlight === instance.inFlight.size, "25: in-flight is what is in flight", () => ({
    view,
    instance,
  }))
  const reasons = naive.reasonsOf(instance)
  ensure(reasons.includes(view.reason), "10–14: the reason against an instance", () => ({
    view,
    reasons,
    instance,
    now: market.now,
  }))
  ensure(view.breaker === instance.breaker.mode, "13: the breaker's state", () => ({
    view,
    instance,
  }))
  ensure(
    view.parks === instance.breaker.trips,
    "12: parked by the node's own failures only",
    () => ({
      view,
      instance,
    }),
  )
  ensure(view.onlineMicros === instance.onlineMicros, "15: online time", () => ({ view, instance }))
  ensure(
    Math.abs(view.ramp - naive.rampAt(instance)) < 1e-12 && view.ramp <= 1,
    "15: the ramp",
    () => ({ view, ramp: naive.rampAt(instance) }),
  )
  const node = naive.nodes.get(instance.node)
  ensure(
    node !== undefined && Math.abs(view.reduction - naive.reductionOf(node)) < 1e-9,
    "17: the anti-flapping reduction",
    () => ({ view, node }),
  )
  const slot = slotOf(market.instances, instance.id)
  const { sums } = market.health
  for (const what of ["successes", "failures", "neutrals", "probes", "goodProbes"] as const)
    ensure(
      countIn(sums, what, slot) === naive.countOf(instance, what),
      "16: outcomes of the window",
      () => ({
        what,
        sum: countIn(sums, what, slot),
        naive: naive.countOf(instance, what),
      }),
    )
}
