/**
 * The ledger against a naive one, by fast-check's commands: a map of exact balances, and a list of
 * holds that is looked through anew each time.
 */
import fc from "fast-check"
import { describe, it } from "vitest"
import type { Command } from "../../engine/protocol/command.ts"
import { emptyDigest } from "../../engine/core/digest.ts"
import {
  availableOf,
  balanceOf,
  bought,
  bountyPool,
  clearing,
  earned,
  gift,
  lotAccount,
  makeLedger,
  openCustomer,
  platform,
  post,
  promotion,
  spendableOf,
  vesting,
  world,
  wouldOverflow,
} from "../../engine/ledger/accounts.ts"
import {
  drawHold,
  heldAmount,
  hold,
  holdEarned,
  postHold,
  voidHold,
} from "../../engine/ledger/holds.ts"
import { balancesFrom, totalOf } from "../../engine/ledger/statement.ts"
import { countOf, slotOf } from "../../engine/core/table.ts"
import { commandsOf } from "../support/market.ts"
import { assertProperty } from "../support/property.ts"
import { ensure } from "./ensure.ts"

interface NaiveHold {
  readonly id: number
  readonly isWithdrawal: boolean
  readonly customer: number
  /** By lot: gift, bought, earned. */
  parts: readonly [bigint, bigint, bigint]
}

interface Model {
  readonly balances: Map<number, bigint>
  holds: Array<NaiveHold>
  customers: number
  nextId: number
}

const begin = () => ({
  model: { balances: new Map(), holds: [], customers: 0, nextId: 1 } as Model,
  real: {
    ledger: makeLedger(),
    sink: { commands: [] as Array<Command>, digest: emptyDigest() },
  },
})
type Real = ReturnType<typeof begin>["real"]

const balanceIn = (m: Model, account: number) => m.balances.get(account) ?? 0n
const heldIn = (m: Model, customer: number, lot: number) =>
  m.holds
    .filter((one) => one.customer === customer)
    .reduce((sum, one) => sum + (one.parts[lot] ?? 0n), 0n)
const freeIn = (m: Model, customer: number, lot: number) =>
  balanceIn(m, lotAccount(customer, lot)) - heldIn(m, customer, lot)

const move = (m: Model, from: number, to: number, amount: bigint) => {
  m.balances.set(from, balanceIn(m, from) - amount)
  m.balances.set(to, balanceIn(m, to) + amount)
}

const compare = (m: Model, { ledger, sink }: Real): void => {
  ensure(totalOf(ledger) === 0, "1: the sum of all balances is 0", () => totalOf(ledger))
  const folded = balancesFrom(commandsOf(sink.commands, "Post"))
  for (const account of [world, platform, bountyPool, promotion, clearing]) {
    const balance = Number(balanceIn(m, account))
    ensure(ledger.posted[account] === balance, "the system's balance", () => ({ account, balance }))
    ensure((folded.get(account) ?? 0) === balance, "6: the journal adds up", () => ({
      account,
      balance,
    }))
  }
  for (let customer = 0; customer < m.customers; customer++) {
    const view = balanceOf(ledger, customer)
    const lots = [view.gift, view.bought, view.earned, view.vesting]
    for (const [lot, balance] of lots.entries()) {
      const account = lotAccount(customer, lot)
      ensure(BigInt(balance) === balanceIn(m, account), "a lot's balance", () => ({
        account,
        balance,
      }))
      ensure((folded.get(account) ?? 0) === balance, "6: the journal adds up", () => ({ account }))
      ensure(availableOf(ledger, account) >= 0, "2: available is not below 0", () => ({ account }))
    }
    const heldNow = [gift, bought, earned].map((lot) => heldIn(m, customer, lot))
    ensure(BigInt(view.held) === heldNow.reduce((a, b) => a + b, 0n), "4: what is held", () => view)
    const spendable = [gift, bought, earned].reduce(
      (sum, lot) => sum + freeIn(m, customer, lot),
      0n,
    )
    ensure(BigInt(spendableOf(ledger, customer)) === spendable, "what can be spent", () => view)
  }
  const open = countOf(ledger.holds.requests) + countOf(ledger.holds.withdrawals)
  ensure(open === m.holds.length, "4: the open holds", () => m.holds)
}

const act = (
  name: string,
  check: (m: Readonly<Model>) => boolean,
  run: (m: Model, r: Real) => void,
): fc.Command<Model, Real> => ({
  check,
  run: (m, r) => {
    run(m, r)
    compare(m, r)
  },
  toString: () => name,
})

const openAccount = act(
  "open",
  (m) => m.customers < 40,
  (m, { ledger }) => {
    ensure(openCustomer(ledger) === m.customers, "customers count from 0", () => m.customers)
    m.customers++
  },
)

const hasCustomers = (m: Readonly<Model>) => m.customers > 0

/** Money comes in from the world or the promotion, into any lot, up to the last safe minor unit. */
const bring = (c: number, lot: number, amount: number, from: number) =>
  act(`bring(${c}, ${lot}, ${amount}, ${from})`, hasCustomers, (m, { ledger, sink }) => {
    const all = -balanceIn(m, world) - balanceIn(m, promotion)
    const isTooMuch = all + BigInt(amount) > BigInt(Number.MAX_SAFE_INTEGER)
    ensure(wouldOverflow(ledger, amount) === isTooMuch, "the safe range", () => ({ all, amount }))
    if (isTooMuch) return
    const to = lotAccount(c % m.customers, lot)
    post(ledger, sink, "purchase", from, to, amount, m.nextId)
    move(m, from, to, BigInt(amount))
  })

/** Part of what is free, in 1024ths; 1024: all of it. */
const partOf = (amount: bigint, part: number) => Number((amount * BigInt(part)) / 1024n)

const hold_ = (c: number, part: number) =>
  act(`hold(${c}, ${part})`, hasCustomers, (m, { ledger }) => {
    const customer = c % m.customers
    let left = BigInt(partOf(BigInt(spendableOf(ledger, customer)), part))
    const amount = Number(left)
    const parts = [gift, bought, earned].map((lot) => {
      const free = freeIn(m, customer, lot)
      const taken = left < free ? left : free
      left -= taken
      return taken
    })
    const id = m.nextId++
    hold(ledger, ledger.holds.requests, id, customer, amount)
    const [g = 0n, b = 0n, e = 0n] = parts
    m.holds.push({ id, isWithdrawal: false, customer, parts: [g, b, e] })
  })

const holdEarned_ = (c: number, part: number) =>
  act(`holdEarned(${c}, ${part})`, hasCustomers, (m, { ledger }) => {
    const customer = c % m.customers
    const amount = partOf(freeIn(m, customer, earned), part)
    const id = m.nextId++
    holdEarned(ledger, ledger.holds.withdrawals, id, customer, amount)
    m.holds.push({ id, isWithdrawal: true, customer, parts: [0n, 0n, BigInt(amount)] })
  })

const takeHold = (m: Model, { ledger }: Real, index: number) => {
  const [one] = m.holds.splice(index % m.holds.length, 1)
  if (one === undefined) throw new Error("there is no hold")
  const holds = one.isWithdrawal ? ledger.holds.withdrawals : ledger.holds.requests
  return { one, holds, slot: slotOf(holds, one.id) }
}

const hasHolds = (m: Readonly<Model>) => m.holds.length > 0

const void_ = (index: number) =>
  act(`void(${index})`, hasHolds, (m, r) => {
    const { one, holds, slot } = takeHold(m, r, index)
    voidHold(r.ledger, holds, slot)
    ensure(slotOf(holds, one.id) === -1, "4: a hold resolves once", () => one)
  })

/** A part is posted, and the rest of the hold stays. */
const draw_ = (index: number, part: number) =>
  act(`draw(${index}, ${part})`, hasHolds, (m, r) => {
    const one = m.holds[index % m.holds.length]!
    const holds = one.isWithdrawal ? r.ledger.holds.withdrawals : r.ledger.holds.requests
    const [g, b, e] = one.parts
    const amount = BigInt(partOf(g + b + e, part))
    const fromGift = amount < g ? amount : g
    const fromBought = amount - fromGift < b ? amount - fromGift : b
    const fromEarned = amount - fromGift - fromBought
    const slot = slotOf(holds, one.id)
    const paidByGift = drawHold(r.ledger, r.sink, holds, slot, Number(amount))
    ensure(BigInt(paidByGift) === fromGift, "gifts are spent first", () => ({ one, paidByGift }))
    one.parts = [g - fromGift, b - fromBought, e - fromEarned]
    ensure(BigInt(heldAmount(holds, slot)) === g + b + e - amount, "the rest stays held", () => one)
    move(m, lotAccount(one.customer, gift), clearing, fromGift)
    move(m, lotAccount(one.customer, bought), clearing, fromBought)
    move(m, lotAccount(one.customer, earned), clearing, fromEarned)
  })

const post_ = (index: number, part: number) =>
  act(`post(${index}, ${part})`, hasHolds, (m, r) => {
    const { one, holds, slot } = takeHold(m, r, index)
    const [g, b, e] = one.parts
    const charge = BigInt(partOf(g + b + e, part))
    const fromGift = charge < g ? charge : g
    const fromBought = charge - fromGift < b ? charge - fromGift : b
    const paidByGift = postHold(r.ledger, r.sink, holds, slot, Number(charge))
    ensure(BigInt(paidByGift) === fromGift, "gifts are spent first", () => ({ one, paidByGift }))
    move(m, lotAccount(one.customer, gift), clearing, fromGift)
    move(m, lotAccount(one.customer, bought), clearing, fromBought)
    move(m, lotAccount(one.customer, earned), clearing, charge - fromGift - fromBought)
  })

/** Money goes from clearing to a provider, the platform or the pool. */
const payOut = (c: number, part: number) =>
  act(`payOut(${c}, ${part})`, hasCustomers, (m, { ledger, sink }) => {
    const amount = partOf(balanceIn(m, clearing), part)
    const to = [platform, bountyPool, lotAccount(c % m.customers, earned)][c % 3] ?? platform
    post(ledger, sink, "share", clearing, to, amount, 1)
    move(m, clearing, to, BigInt(amount))
  })

/** One minor unit more than there is throws, and changes nothing. */
const overdraw = (c: number, lot: number) =>
  act(`overdraw(${c}, ${lot})`, hasCustomers, (m, { ledger, sink }) => {
    const customer = c % m.customers
    const from = c % 2 === 0 ? lotAccount(customer, lot) : [platform, bountyPool, clearing][lot % 3]
    if (from === undefined) throw new Error("no account")
    const free = from === lotAccount(customer, lot) ? freeIn(m, customer, lot) : balanceIn(m, from)
    if (free >= BigInt(Number.MAX_SAFE_INTEGER)) return
    let isThrown = false
    try {
      post(ledger, sink, "share", from, world, Number(free) + 1, 1)
    } catch {
      isThrown = true
    }
    ensure(isThrown, "2: an overdraft throws", () => ({ from, free }))
  })

const customer = fc.nat(60)
const part = fc.oneof(fc.constantFrom(0, 1, 1024), fc.nat(1024))
const amount = fc.oneof(fc.nat(100), fc.nat(1_000_000), fc.maxSafeNat())

const commands = fc.commands(
  [
    fc.constant(openAccount),
    fc
      .tuple(
        customer,
        fc.constantFrom(gift, bought, earned, vesting),
        amount,
        fc.constantFrom(world, promotion),
      )
      .map((args) => bring(...args)),
    fc.tuple(customer, part).map((args) => hold_(...args)),
    fc.tuple(customer, part).map((args) => holdEarned_(...args)),
    customer.map(void_),
    fc.tuple(customer, part).map((args) => draw_(...args)),
    fc.tuple(customer, part).map((args) => post_(...args)),
    fc.tuple(customer, part).map((args) => payOut(...args)),
    fc
      .tuple(customer, fc.constantFrom(gift, bought, earned, vesting))
      .map((args) => overdraw(...args)),
  ],
  { maxCommands: 80, size: "max" },
)

describe("the ledger", () => {
  it("does what exact arithmetic on a map would, through any history", async () => {
    await assertProperty(fc.property(commands, (history) => fc.modelRun(begin, history)))
  })
})
