/**
 * Seats: who took whose place on a node (docs/rules.md#anti-flapping). "Switching the model an instance
 * serves triggers a temporary payout reduction that decays over 72 hours" (002). The reduction follows
 * the node, so that stopping an instance and starting another model is a switch, in whichever order.
 *
 * Each instance has a seat on its node from when it starts. Stopping or draining it leaves its seat
 * vacant, which the node remembers for as long as a reduction lasts. A newer seat takes the place of
 * an older one that is vacant, no matter whether that was vacant when it came or is only now: with
 * the same model that is a return, with another it is a switch. Two kinds of seats are newer than
 * none: those that were taken longer ago than a reduction lasts, which are capacity that was added
 * and not moved; and those that the platform asked for. Models that start at one instant are equally
 * old, and none takes another's place.
 *
 * A node's reduction and vacant seats outlive it with its operator, and every node that the operator
 * registers while they last begins with them: registering anew sheds nothing.
 */
import { serving } from "../../machines/presence.ts"
import { invariant } from "../../core/invariant.ts"
import type { VacantSeat } from "../../rules/flap.ts"
import { reductionAfter, reductionOnSwitch } from "../../rules/flap.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"

/** Older than any seat that was ever taken. */
const everSince = -1

/** The anti-flapping reduction φ of a node at the present time, 0…1. */
export const reductionOf = (market: Market, node: number): number => {
  const { reduction, reductionAt } = market.nodes.columns
  const since = reduction[node]
  if (since === 0) return 0
  return reductionAfter(market.rules, since, market.now - reductionAt[node])
}

/** One more switch of a node. */
export const reducePayout = (market: Market, node: number): void => {
  const { reduction, reductionAt } = market.nodes.columns
  reduction[node] = reductionOnSwitch(market.rules, reductionOf(market, node))
  reductionAt[node] = market.now
}

/** Gives an instance a seat for the model that it serves from now on. */
export const takeSeat = (market: Market, instance: number, isPlatformAsked: boolean): void => {
  const { columns } = market.instances
  const node = columns.node[instance]
  if (!isPlatformAsked) {
    columns.seatSince[instance] = market.now
    return succeed(market, node)
  }
  const vacant = vacantSeats(market.vacantSeats, market, node)
  const taken = vacant.find((seat) => seat.model === columns.model[instance]) ?? vacant[0]
  columns.seatSince[instance] = everSince
  keep(
    market.vacantSeats,
    node,
    vacant.filter((seat) => seat !== taken),
  )
}

/** An instance, draining by now, leaves its seat. */
export const vacateSeat = (market: Market, instance: number): void => {
  leaveSeat(market, instance)
  succeed(market, market.instances.columns.node[instance])
}

/** As {@link vacateSeat}, where the whole node goes and nobody takes anyone's place. */
export const leaveSeat = (market: Market, instance: number): void => {
  const { node, model, seatSince } = market.instances.columns
  invariant(seatSince[instance] <= market.now, "a seat is left after it was taken")
  const left = { model: model[instance], since: seatSince[instance], vacantSince: market.now }
  const vacant = vacantSeats(market.vacantSeats, market, node[instance])
  keep(market.vacantSeats, node[instance], oldestFirst(market, [...vacant, left]))
}

/** Lets newer seats take the places of older ones that are vacant, as long as there are such. */
const succeed = (market: Market, node: number): void => {
  const { model, seatSince } = market.instances.columns
  let vacant = vacantSeats(market.vacantSeats, market, node)
  for (let pair = successionIn(market, node, vacant); pair !== undefined;) {
    const { seat, successor } = pair
    invariant(seatSince[successor] >= seat.since, "a place is taken by nobody who came earlier")
    seatSince[successor] = seat.since
    if (model[successor] !== seat.model) reducePayout(market, node)
    vacant = vacant.filter((one) => one !== seat)
    pair = successionIn(market, node, vacant)
  }
  keep(market.vacantSeats, node, vacant)
}

interface Succession {
  readonly seat: VacantSeat
  readonly successor: number
}

/** The next to take another's place: returns before switches, the oldest seat first. */
const successionIn = (
  market: Market,
  node: number,
  vacant: ReadonlyArray<VacantSeat>,
): Succession | undefined => {
  for (const isReturn of [true, false])
    for (const seat of vacant) {
      const successor = successorOf(market, node, seat, isReturn)
      if (successor >= 0) return { seat, successor }
    }
  return undefined
}

/** The oldest of a node's newer seats than a vacant one, the first to start among equals; or −1. */
const successorOf = (market: Market, node: number, seat: VacantSeat, isReturn: boolean): number => {
  const { columns } = market.instances
  let oldest = -1
  // Latest started first.
  for (let next = market.nodes.columns.firstInstance[node]; next !== 0;) {
    const instance = next - 1
    next = columns.nextOnNode[instance]
    if (columns.service[instance] !== serving) continue
    if ((columns.model[instance] === seat.model) !== isReturn) continue
    const since = columns.seatSince[instance]
    const isNewer = since > seat.since || since >= seat.vacantSince
    if (!isNewer || market.now - since >= market.rules.flapMicros) continue
    if (oldest < 0 || since <= columns.seatSince[oldest]) oldest = instance
  }
  return oldest
}

/** A node goes: its operator keeps what it leaves behind. Its instances have left their seats. */
export const bequeathSeats = (market: Market, node: number): void => {
  const { account, reduction, reductionAt } = market.nodes.columns
  invariant(
    market.nodes.columns.firstInstance[node] === 0,
    "a node goes after the last of its instances",
  )
  const operator = partyOf(market, account[node])
  bequeath(market, operator, vacantSeats(market.vacantSeats, market, node))
  bequeathReduction(market, operator, reduction[node], reductionAt[node])
  market.vacantSeats.delete(node)
}

/** A node comes, and begins with what its operator's earlier nodes left behind. */
export const inheritSeats = (market: Market, node: number): void => {
  const { account, reduction, reductionAt } = market.nodes.columns
  const operator = partyOf(market, account[node])
  keep(market.vacantSeats, node, vacantSeats(market.bequeathedSeats, market, operator))
  reduction[node] = market.accounts.columns.reduction[operator]
  reductionAt[node] = market.accounts.columns.reductionAt[operator]
}

/** Two operators were found to be one. */
export const joinSeats = (market: Market, kept: number, joined: number): void => {
  const { reduction, reductionAt } = market.accounts.columns
  bequeath(market, kept, vacantSeats(market.bequeathedSeats, market, joined))
  bequeathReduction(market, kept, reduction[joined], reductionAt[joined])
  market.bequeathedSeats.delete(joined)
}

/** One seat a model, the oldest of those left last: however many nodes go, no more is kept. */
const bequeath = (market: Market, operator: number, seats: ReadonlyArray<VacantSeat>): void => {
  const lastLeftLast = [
    ...vacantSeats(market.bequeathedSeats, market, operator),
    ...seats,
  ].toSorted((a, b) => a.vacantSince - b.vacantSince || b.since - a.since)
  const latest = new Map(lastLeftLast.map((seat) => [seat.model, seat]))
  keep(market.bequeathedSeats, operator, oldestFirst(market, [...latest.values()]))
}

/** The greater of two reductions, as they stand now. */
const bequeathReduction = (market: Market, operator: number, other: number, at: number): void => {
  const { reduction, reductionAt } = market.accounts.columns
  const now = (since: number, from: number) =>
    reductionAfter(market.rules, since, market.now - from)
  if (now(other, at) <= now(reduction[operator], reductionAt[operator])) return
  reduction[operator] = other
  reductionAt[operator] = at
}

type Seats = Map<number, ReadonlyArray<VacantSeat>>

/** Vacant seats that are still remembered, the oldest first. */
const vacantSeats = (seats: Seats, { now, rules }: Market, of: number): ReadonlyArray<VacantSeat> =>
  (seats.get(of) ?? []).filter(({ vacantSince }) => now - vacantSince < rules.flapMicros)

const oldestFirst = (
  { models }: Market,
  seats: ReadonlyArray<VacantSeat>,
): ReadonlyArray<VacantSeat> =>
  seats.toSorted(
    (a, b) =>
      a.since - b.since ||
      a.vacantSince - b.vacantSince ||
      models.ids[a.model] - models.ids[b.model],
  )

const keep = (seats: Seats, of: number, kept: ReadonlyArray<VacantSeat>): void => {
  if (kept.length === 0) seats.delete(of)
  else seats.set(of, kept)
}
