/** What the audit of a market asserts, broken: states that random lives came to are spoilt and audited. */
import { makeCandidates } from "../../../engine/rules/selection.ts"
import { insert, remove, slotOf } from "../../../engine/core/table.ts"
import { wakeAt } from "../../../engine/core/wake-queue.ts"
import { stopping } from "../../../engine/machines/presence.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { ofInstances, ofNodes } from "../../../engine/market/state/market-state.ts"
import type { Breaches } from "./breaches.ts"
import type { EconomyName, Feature } from "./states.ts"
import { audited } from "./states.ts"

const hour = 3_600_000_000

/** A row of a table is spoilt. */
const spoilt =
  <T extends "accounts" | "instances" | "nodes" | "requests">(table: T) =>
  (
    feature: Feature,
    spoil: (columns: Market[T]["columns"], slot: number, now: number) => void,
    economy?: EconomyName,
  ) =>
    audited(feature, (market, slot) => spoil(market[table].columns, slot, market.now), economy)
const instance = spoilt("instances")
const account = spoilt("accounts")
const node = spoilt("nodes")
const request = spoilt("requests")

const model = (spoil: (columns: Market["models"]["columns"]) => void) =>
  audited("instance", ({ models }) => spoil(models.columns))

const seat = { model: 0, since: 0, vacantSince: 0 }
/** Vacant seats of a node. */
const seats = (of: (now: number) => ReadonlyArray<typeof seat>) =>
  audited("instance", ({ instances, now, vacantSeats }, slot) =>
    vacantSeats.set(instances.columns.node[slot]!, of(now)),
  )

export const auditBreaches: Breaches = {
  "the time is a whole number of microseconds": audited("instance", (market) => (market.now = 0.5)),
  "hours begin on the hour": audited("instance", (market) => (market.nextHour += 1)),
  "the next hour is within the hour": audited("instance", (market) => (market.nextHour += hour)),
  "nothing is overdue between steps": audited("instance", ({ wakes, now }, slot) =>
    wakeAt(wakes[ofInstances], slot, now - 1),
  ),
  "idle hours are hours so far": audited("instance", (market) => (market.idleHours = -1)),

  "each account is a customer of the ledger": audited(
    "instance",
    ({ ledger }) => (ledger.customers += 1),
  ),
  "no account is ever closed": audited("instance", ({ accounts }) =>
    remove(accounts, insert(accounts, 999)),
  ),
  "no more is given away than the promotion's budget": audited("instance", ({ rules }) =>
    Object.assign(rules, { promotionMinor: 0 }),
  ),
  "a party's first account is the earliest of its accounts": account(
    "instance",
    ({ party }) => (party[0] = 1),
  ),
  "a party's first account is its own": account("instance", ({ party }) => party.set([0, 0, 1])),
  "no model is ever delisted": audited("instance", ({ models }) =>
    remove(models, insert(models, 999)),
  ),
  "each model has its candidates, chance and counts": audited("instance", ({ levels }) =>
    levels.pop(),
  ),
  "each price of a model has its field": audited("instance", ({ levels }) =>
    levels[0]!.prices.push(1),
  ),
  "the prices of a model rise": audited("instance", ({ fields, levels }) => {
    fields.push(makeCandidates())
    levels[0]!.prices.push(levels[0]!.prices[0]!)
    levels[0]!.fields.push(fields.length - 1)
  }),
  "a field is of one model at one price": audited("instance", ({ levels }) =>
    levels[1]!.fields.splice(0, 1, 0),
  ),
  "each field is in use or free": audited("instance", ({ fields }) =>
    fields.push(makeCandidates()),
  ),
  "a price is whole, and at least 0": model((columns) => (columns.inputPricePerMtok[0] = 0.5)),

  "nobody is waited for who is gone": audited("instance", ({ instances, wakes, now }) => {
    const gone = insert(instances, 999)
    remove(instances, gone)
    wakeAt(wakes[ofInstances], gone, now + 1)
  }),
  "an instance's model is listed": instance(
    "instance",
    (columns, slot) => (columns.model[slot] = 9),
  ),
  "a model counts how its instances stand": audited(
    "instance",
    ({ standings }) => (standings[0]![3]! += 1),
  ),
  "an instance's machines are in their states": instance(
    "instance",
    (columns, slot) => (columns.isSuspended[slot] = 9),
  ),
  "an instance was parked as often as its breaker tripped": instance(
    "instance",
    (columns, slot) => (columns.parks[slot] += 1),
  ),
  "a declared capacity is one": instance("instance", (columns, slot) => (columns.slots[slot] = 0)),
  "a measured capacity is one, or none": instance(
    "instance",
    (columns, slot) => (columns.measuredSlots[slot] = 9999),
  ),
  "the measurement of a model has a number": instance(
    "instance",
    (columns, slot) => (columns.measurement[slot] = 0),
  ),
  "an instance has a slot or more in use": instance(
    "instance",
    (columns, slot) => (columns.capacity[slot] = 0),
  ),
  "an instance has no more slots in use than count": instance(
    "instance",
    (columns, slot) => (columns.capacity[slot] = 9999),
  ),
  "an instance has 0 attempts or more": instance(
    "instance",
    (columns, slot) => (columns.inFlight[slot] = -1),
  ),
  "a debt was noted, and is at least 0": instance(
    "instance",
    (columns, slot) => (columns.debt[slot] = -1),
  ),
  "a probe has a number": instance("breakerProbe", (columns, slot) => (columns.probe[slot] = 0)),
  "a probe for the breaker finds it half-open": audited("breakerProbe", ({ breakers }, slot) => {
    breakers.state[slot] = 0
    breakers.openUntil[slot] = 0
  }),
  "a probe for a doubt is made while there is one": instance(
    "doubtProbe",
    (columns, slot) => (columns.isDoubted[slot] = 0),
  ),
  "an instance that is parked is not probed": instance("parkedInstance", (columns, slot) => {
    columns.probeFor[slot] = 2
    columns.probe[slot] = 1
  }),
  "an instance is probed by one thing at a time": instance(
    "breakerProbe",
    (columns, slot) => (columns.probeRequest[slot] = 1),
  ),
  "a probe is lost when its lease ends": instance(
    "breakerProbe",
    (columns, slot, now) => (columns.probeUntil[slot] = now - 1),
  ),
  "a cooldown ends when it is over": audited(
    "parkedInstance",
    ({ breakers, now }, slot) => (breakers.openUntil[slot] = now - 1),
  ),
  "how an instance stands has a name": instance(
    "instance",
    (columns, slot) => (columns.reason[slot] = 99),
  ),
  "an instance out of service stands by the first reason for it": instance(
    "absentInstance",
    (columns, slot) => (columns.reason[slot] = 11),
  ),
  "out of service, nothing is waited for": audited("absentInstance", ({ wakes, now }, slot) =>
    wakeAt(wakes[ofInstances], slot, now + 1),
  ),
  "an instance is looked at again when its cooldown ends": audited(
    "parkedInstance",
    ({ wakes }, slot) => wakeAt(wakes[ofInstances], slot, Infinity),
  ),
  "a quiet instance waits for nothing": audited("quietInstance", ({ wakes, now }, slot) =>
    wakeAt(wakes[ofInstances], slot, now + 1),
  ),
  "a model's ramp starts at the rules' start or above, at 1 at most": model(
    (columns) => (columns.rampStart[0] = 0),
  ),
  "a quiet instance's ramp is over": instance("quietInstance", (columns, slot, now) => {
    columns.onlineMicros[slot] = 0
    columns.creditedUntil[slot] = now
  }),
  "a quiet instance has all of its slots in use": instance(
    "quietInstance",
    (columns, slot) => (columns.capacity[slot] -= 1),
  ),
  "nothing is held against a quiet instance": instance(
    "quietInstance",
    (columns, slot) => (columns.isDoubted[slot] = 1),
  ),

  "each instance is on the list of one node": node("instance", (columns) =>
    columns.firstInstance.fill(0),
  ),
  "a model counts its instances": model((columns) => (columns.instances[0] += 1)),
  "a model counts its operators' instances": audited("instance", ({ operators }) =>
    operators[0]!.set(99, 1),
  ),
  "heartbeats are waited for of nodes that are online and send them": audited(
    "watchedNode",
    ({ wakes }, slot) => wakeAt(wakes[ofNodes], slot, Infinity),
  ),
  "a node's account is open": node("watchedNode", (columns, slot) => (columns.account[slot] = 99)),
  "a heartbeat has been received": node(
    "watchedNode",
    (columns, slot, now) => (columns.lastHeartbeat[slot] = now + 1),
  ),
  "a price counts who asks it and is online": audited("instance", ({ levels }) =>
    levels[0]!.online.push(1),
  ),
  "a node lists instances of its own": instance(
    "instance",
    (columns, slot) => (columns.node[slot] = 9),
  ),
  "the list of a node's instances ends": instance(
    "instance",
    (columns, slot) => (columns.nextOnNode[slot] = slot + 1),
  ),
  "an instance is of its node's account": instance(
    "instance",
    (columns, slot) => (columns.account[slot] = 99),
  ),
  "an instance's operator is its account's party": instance(
    "instance",
    (columns, slot) => (columns.operator[slot] = 99),
  ),
  "an instance is there while its node is": audited(
    "quietInstance",
    ({ instances: { columns }, standings }, slot) => {
      const inactive = 1
      const stands = standings[columns.model[slot]!]!
      stands[columns.reason[slot]!]! -= 1
      stands[inactive]! += 1
      columns.reason[slot] = inactive
      columns.isOnline[slot] = 0
      columns.isQuiet[slot] = 0
    },
  ),
  "online time is credited as it goes by": instance("quietInstance", (columns, slot, now) => {
    columns.isQuiet[slot] = 0
    columns.creditedUntil[slot] = now + 1
  }),
  "nobody is online for longer than there is a market": instance(
    "quietInstance",
    (columns, slot, now) => (columns.onlineMicros[slot] = now + 1),
  ),
  "an instance that is to stop waits for attempts": instance(
    "drainedInstance",
    (columns, slot) => (columns.service[slot] = stopping),
  ),
  "an instance stands at its place among the candidates": instance(
    "instance",
    (columns, slot) => (columns.place[slot] += 1),
  ),

  "the present hour of health is the market's": audited(
    "instance",
    ({ health }) => (health.hour += 1),
  ),
  "what is suspected is at least 0": instance(
    "instance",
    (columns, slot) => (columns.suspicions[slot] = -1),
  ),
  "what is suspected was shown by an account": instance("instance", (columns, slot) => {
    columns.suspicions[slot] = 1
    columns.suspicionAccount[slot] = 99
  }),
  "what was answered is at least 0": instance(
    "instance",
    (columns, slot) => (columns.answers[slot] = -1),
  ),
  "a party's attempts are counted at its first account": account(
    "joinedAccount",
    (columns, slot) => (columns.failedLately[slot] = 1),
  ),
  "attempts are counted where witnesses are asked for": account(
    "instance",
    (columns) => (columns.servedLately[0] = 1),
    "pooled",
  ),
  "a majority of failures is some of them": account(
    "instance",
    (columns) => (columns.failedThere[0] = 1e9),
  ),
  "failures are with an operator's first account": account("joinedAccount", (columns, slot) => {
    columns.failedLately[0] += 1
    columns.failedThere[0] = 1
    columns.failedOperator[0] = slot
  }),

  "credits are held for open requests only": audited("instance", ({ ledger: { holds } }) =>
    insert(holds.requests, 9e9),
  ),
  "what is in flight is the attempts of open requests": instance(
    "quietInstance",
    (columns, slot) => (columns.inFlight[slot] += 1),
  ),
  "an open request has arrived": audited("openRequest", (market) => (market.lastRequest = -1)),
  "a request's account is open": request(
    "openRequest",
    ({ account }, slot) => (account[slot] = 99),
  ),
  "a request's model is listed": request("openRequest", ({ model }, slot) => (model[slot] = 99)),
  "a request's instance is there": request(
    "openRequest",
    (columns, slot) => (columns.instance[slot] = 99),
  ),
  "a request's instance serves its model": request(
    "openRequest",
    ({ model }, slot) => (model[slot] = 1 - model[slot]!),
  ),
  "attempts of a request stay below the rules' most": request(
    "openRequest",
    ({ attempt }, slot) => (attempt[slot] = 200),
  ),
  "the latest attempt of a request is the one under way": audited("openRequest", ({ attempts }) =>
    attempts.instances.fill(99),
  ),
  "nothing is held against an attempt under way": audited("openRequest", ({ attempts }) =>
    attempts.accusations.fill(1),
  ),
  "an open request has a hold": audited("openRequest", ({ ledger: { holds }, requests }, slot) => {
    const { columns } = holds.requests
    const hold = slotOf(holds.requests, requests.ids[slot]!)
    const other = insert(holds.requests, 9e9)
    for (const name of ["customer", "gift", "bought", "earned"] as const)
      columns[name][other] = columns[name][hold]!
    remove(holds.requests, hold)
  }),
  "what is held for a request is its account's": request(
    "openRequest",
    ({ account }, slot) => (account[slot] = account[slot] === 0 ? 1 : 0),
  ),
  "a hold covers the most that its request may cost": request(
    "openRequest",
    ({ maxTokens }, slot) => (maxTokens[slot] *= 1000),
  ),

  "a multiplier in force lies between 1 and the rules' most": model(
    (columns) => (columns.multiplierHundredths[0] = 50),
  ),
  "a premium is at least 0": model((columns) => (columns.premiumPerMtok[0] = -1)),
  "a bounty that is announced has a term, and no other has": model((columns) => {
    columns.multiplierHundredths[0] = 100
    columns.announcedUntil[0] = 1
  }),
  "the demand of an hour is whole tokens": model((columns) => (columns.demandTokens[0] = 0.5)),
  "the average of demand is at least 0": model((columns) => (columns.demandAverage[0] = -1)),
  "supply is at least 0": model((columns) => (columns.supply[0] = -1)),
  "what a model has served is whole": model((columns) => (columns.servedTokens[0] = 0.5)),
  "a model's demand is that of its parties": model((columns) => (columns.demandTokens[0] += 1)),
  "whoever claims is listed once": audited("instance", ({ claimants }) => claimants.push(0, 0)),
  "a claim is whole, and at least 0": account("instance", (columns) => (columns.claimNow[0] = -1)),
  "whoever has a claim is listed, and nobody else is": audited("instance", (market) => {
    market.accounts.columns.claimNow[0] = 1
    market.claimants.length = 0
  }),
  "what a cohort holds is whole, and at least 0": audited(
    "vestingAccount",
    ({ vestings }, slot) => (vestings.get(slot)![0] = 0.5),
  ),
  "a vesting lot is what its cohorts hold": audited(
    "vestingAccount",
    ({ vestings }, slot) => (vestings.get(slot)![0]! += 1),
  ),
  "there is a cohort for each day of vesting": audited("vestingAccount", ({ vestings }, slot) => {
    vestings.set(slot, new Float64Array([...vestings.get(slot)!, 0]))
  }),
  "seats are vacant on nodes that are there": audited("instance", ({ vacantSeats }) =>
    vacantSeats.set(99, []),
  ),
  "seats are left to a party's first account": audited(
    "joinedAccount",
    ({ bequeathedSeats }, slot) => bequeathedSeats.set(slot, []),
  ),
  "one seat a model is left to an operator": audited("instance", ({ bequeathedSeats }) =>
    bequeathedSeats.set(0, [seat, seat]),
  ),
  "no more is withheld than the rules' most": node("watchedNode", (columns, slot) => {
    columns.reduction[slot] = 1
  }),
  "a reduction has begun": node(
    "watchedNode",
    (columns, slot, now) => (columns.reductionAt[slot] = now + 1),
  ),
  "a seat that is held was taken": instance(
    "instance",
    (columns, slot, now) => (columns.seatSince[slot] = now + 1),
  ),
  "a list of vacant seats has some": seats(() => []),
  "a vacant seat is of a model that is listed": seats(() => [{ ...seat, model: 99 }]),
  "a seat was taken before it was left": seats(() => [{ ...seat, since: 1 }]),
  "a vacant seat has been left": seats((now) => [{ ...seat, vacantSince: now + 1 }]),
  "vacant seats are listed oldest first": seats((now) => [
    { ...seat, since: now, vacantSince: now },
    { ...seat, vacantSince: now },
  ]),
}
