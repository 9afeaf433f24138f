/**
 * Accounts of the people in a run: consumers and operators sign up, consumers buy credits as they
 * need them and their budget allows, operators withdraw what they earn.
 */
import type { AccountView } from "../../engine/index.ts"
import { accountView, hasRoomFor } from "../../engine/index.ts"
import type { PartyState } from "./party-state.ts"
import type { World } from "./world.ts"
import { signUpActor, tell } from "./world.ts"
import { consumerKinds } from "../agents/consumer-kinds.ts"
import { choice, exponential } from "../kernel/variates.ts"
import { LedgerFull } from "./ledger-full.ts"

/** Consumers have even account ids and operators odd ones: neither changes the other's. */
export const accountOfConsumer = (consumer: number): number => 2 * consumer
export const accountOfOperator = (operator: number): number => 2 * operator + 1

/** A new consumer, with its grant. */
export const signUpConsumer = (world: World): void => {
  const { scenario, streams, consumers, now } = world
  const { kinds } = scenario.consumers
  const at =
    kinds.length === 0
      ? -1
      : choice(
          streams.kind,
          kinds.map(({ weight }) => weight),
        )
  const kind = consumerKinds[kinds[at]?.kind ?? "steady"]
  const consumer = consumers.add(now, scenario.consumers, streams.budget, kind)
  openAccount(world, accountOfConsumer(consumer), -1)
}

/** A new operator, without nodes as yet; returns its number. */
export const signUpOperator = (world: World): number => {
  const operator = world.nodesOf.length
  world.nodesOf.push([])
  openAccount(world, accountOfOperator(operator), operator)
  return operator
}

const openAccount = (world: World, account: number, operator: number): void => {
  world.operatorOfCustomer.push(operator)
  tell(world, { _tag: "AccountOpened", at: world.now, account })
}

export const onSignUp = (world: World): void => {
  signUpConsumer(world)
  world.recorder.add("signUps", 1)
  scheduleSignUp(world)
}

export const scheduleSignUp = (world: World): void => {
  const perDay = world.scenario.consumers.signUpsPerDay
  if (perDay === 0) return
  const gapMicros = exponential(world.streams.signUp, perDay / 86_400e6)
  const at = Math.round(world.now + gapMicros)
  if (at <= world.endMicros) world.queue.schedule(signUpActor, at)
}

/** What a request may cost at most, credits. */
const worstCredits = ({ requests: { columns }, scenario }: World, slot: number): number => {
  const model = scenario.models[columns.model[slot]]
  return (
    (columns.inputTokens[slot] * model.inputPricePerMtok +
      columns.maxTokens[slot] * model.outputPricePerMtok) /
    1e6
  )
}

/** What an account that was opened has now. */
export const balanceOfAccount = ({ market }: World, account: number): AccountView => {
  const view = accountView(market, account)
  if (view === undefined) throw new Error(`simulator: there is no account ${account}`)
  return view
}

const spendableCredits = (world: World, account: number): number =>
  balanceOfAccount(world, account).spendable / world.credit

/** The account that pays for a request. */
export const payingAccount = ({ requests: { columns } }: World, slot: number): number => {
  const consumer = columns.consumer[slot]
  return consumer < 0 ? accountOfOperator(-1 - consumer) : accountOfConsumer(consumer)
}

/** Has the payer of a request what it may cost at most? */
export const canAfford = (world: World, slot: number): boolean =>
  worstCredits(world, slot) <= spendableCredits(world, payingAccount(world, slot))

/** What the payer of a request lacks, credits. A little over, so that rounding cannot ask again. */
const missingCredits = (world: World, slot: number): number =>
  Math.max(0, worstCredits(world, slot) - spendableCredits(world, payingAccount(world, slot))) +
  2 / world.credit

/**
 * Buys credits for a consumer's request that was refused for want of them; false: the budget is
 * spent. Throws `LedgerFull` where the market cannot hold any more.
 */
export const topUp = (world: World, slot: number): boolean => {
  const { requests, consumers, scenario } = world
  const consumer = requests.columns.consumer[slot]
  const credits = Math.max(scenario.consumers.topUpCredits, missingCredits(world, slot))
  if (credits > consumers.allowance(consumer, world.now)) return false
  buy(world, slot, credits)
  consumers.noteBought(consumer, credits)
  return true
}

/** Buys just what a party's own call lacks. */
export const buyForParty = (world: World, party: PartyState, slot: number): boolean => {
  party.boughtMinor += buy(world, slot, missingCredits(world, slot))
  return true
}

/** Buys credits for the payer of a request; returns the amount, minor units. */
const buy = (world: World, slot: number, credits: number): number => {
  const { market, credit, scenario } = world
  const amount = Math.ceil(credits * credit)
  if (!hasRoomFor(market, amount))
    throw new LedgerFull({
      scale: scenario.economy.money.scale,
      days: (world.now - world.startMicros) / 86_400e6,
    })
  const transfer = world.nextTransfer++
  const account = payingAccount(world, slot)
  tell(world, { _tag: "CreditsBought", at: world.now, transfer, account, amount })
  return amount
}

/** The least amount that can be taken out at once, minor units. */
export const leastWithdrawal = ({ scenario, credit }: World): number =>
  Math.round(scenario.economy.withdrawal.minimumCredits * credit)

/** Takes an operator's free earnings out of the market, in the two phases of a withdrawal. */
export const withdraw = (world: World, operator: number): void => {
  const account = accountOfOperator(operator)
  const { earned, held } = balanceOfAccount(world, account)
  // Half is kept: the same account buys inference with what it earns.
  const amount = Math.floor(Math.max(0, earned - held) / 2)
  if (amount < leastWithdrawal(world) || amount === 0) return
  const transfer = world.nextTransfer++
  world.withdrawnMinor[operator] = (world.withdrawnMinor[operator] ?? 0) + amount
  tell(world, { _tag: "WithdrawalRequested", at: world.now, transfer, account, amount })
  tell(world, { _tag: "WithdrawalPosted", at: world.now, transfer })
}
