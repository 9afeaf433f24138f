/** What is asserted while a market takes an event, broken: its state is spoilt before. */
import { remove, slotOf } from "../../../engine/core/table.ts"
import { bought, clearing, lotAccount } from "../../../engine/ledger/accounts.ts"
import { accounts } from "../../../engine/market/accounts/mechanism.ts"
import { audit } from "../../../engine/market/admission/answers.ts"
import { refresh } from "../../../engine/market/admission/eligibility.ts"
import { measureWhereDue } from "../../../engine/market/admission/measurements.ts"
import { park } from "../../../engine/market/admission/probes.ts"
import { turnHours } from "../../../engine/market/hours.ts"
import { step } from "../../../engine/market/market.ts"
import { handlersOf } from "../../../engine/market/mechanisms.ts"
import { announceBounties, claim, payBounties } from "../../../engine/market/payout/bounty.ts"
import { bequeathSeats, leaveSeat, takeSeat } from "../../../engine/market/payout/seats.ts"
import { releaseVested, vest } from "../../../engine/market/payout/vesting.ts"
import { leaveOffer } from "../../../engine/market/pricing/offers.ts"
import { leaveCandidate, makeCandidates } from "../../../engine/rules/selection.ts"
import { stopInstance } from "../../../engine/market/presence/instances.ts"
import { checkHeartbeat, superviseFrom } from "../../../engine/market/presence/nodes.ts"
import { setOnline } from "../../../engine/market/presence/online-time.ts"
import { halved, isCredible, noteFailed } from "../../../engine/market/reputation/credibility.ts"
import { standsOutByRefusal } from "../../../engine/market/reputation/refusals.ts"
import { countFailure } from "../../../engine/market/reputation/witnesses.ts"
import { accusationOf, accuse, makeAttempts } from "../../../engine/market/state/attempts.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { fireFirst } from "../../../engine/market/timers.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import type { MarketEvent, Outcome } from "../../../engine/protocol/event.ts"
import type { Breaches } from "./breaches.ts"
import { given, stepped } from "./states.ts"

const attempts = () => makeAttempts(compileRules(pooled))

/** Turns a rule that holds for this market alone. */
const turn = ({ rules }: Market, patch: Partial<Market["rules"]>): void =>
  void Object.assign(rules, patch)

/** The whole answer to an open request. */
const answerOf = ({ requests }: Market, slot: number, outcome: Outcome = "completed") => ({
  _tag: "AttemptEnded" as const,
  request: requests.ids[slot]!,
  attempt: requests.columns.attempt[slot]!,
  outcome,
  outputTokens: outcome === "completed" ? requests.columns.maxTokens[slot]! : 0,
  reportedTokens: requests.columns.maxTokens[slot]!,
  decodeMicros: 1,
  retryAfterMicros: 0,
})

/** A request for a model, of an account that is rich by now. */
const requestOf = (market: Market, model = 0) => {
  market.ledger.posted[lotAccount(0, bought)] = 1e12
  return {
    _tag: "RequestArrived" as const,
    request: market.lastRequest + 1,
    account: market.accounts.ids[0]!,
    model: market.models.ids[model]!,
    inputTokens: 0,
    maxTokens: 1000,
  }
}

/** Whoever is asked for: this instance serves. */
const drawing = (market: Market, instance: number): void =>
  turn(market, { pricing: { ...market.rules.pricing, draw: () => instance } })

const sendHostile = (market: Market, event: object): void => step(market, event as MarketEvent, [])

/** A level of prices that nobody can pay. */
const dearest = 2 ** 50

export const stepBreaches: Breaches = {
  "where a model has one price, it has the field of its own number": stepped(
    "instance",
    ({ freeFields, fields }) => {
      freeFields.push(fields.push(makeCandidates()) - 1, 0)
      return { _tag: "ModelListed", model: 999, inputPricePerMtok: 0, outputPricePerMtok: 1 }
    },
  ),
  "a field is one of its model's levels": given("instance", (market, instance) => {
    turn(market, { pricing: { ...market.rules.pricing, isByInstance: true } })
    const field = market.instances.columns.field[instance]!
    for (const other of Array.from(market.instances.ids.keys()))
      if (
        other !== instance &&
        market.instances.columns.field[other] === field &&
        market.instances.ids[other] !== -1
      )
        leaveCandidate(
          market.fields[field]!,
          market.rules,
          market.instances.columns.place[other]!,
          market.instances.columns.operator[other]!,
        )
    market.levels[market.instances.columns.model[instance]!]!.fields.pop()
    leaveOffer(market, instance)
  }),
  "an event that is rejected has left no command": given("instance", (market) => {
    const out: Array<Command> = []
    const event = {
      _tag: "AccountOpened",
      at: market.now,
      get account() {
        out.push({ _tag: "FailOver", node: 1 })
        return -1
      },
    }
    step(market, event as MarketEvent, out)
  }),
  "an event that is rejected takes no time": given("instance", (market) =>
    sendHostile(market, {
      _tag: "TimerFired",
      get at() {
        market.now += 1
        return 0
      },
    }),
  ),
  "time never goes back": given("instance", (market) => {
    const times = [market.now, market.now - 1]
    sendHostile(market, {
      _tag: "TimerFired",
      get at() {
        return times.shift()
      },
    })
  }),
  "clearing is empty after a step": stepped("instance", ({ ledger }) => {
    ledger.posted[clearing] = 1
    return { _tag: "TimerFired" }
  }),
  "a timer that is due is a mechanism's": given("instance", (market) => fireFirst(market, 0.5)),
  "an event is taken by one mechanism": () => void handlersOf([accounts, accounts]),
  "every event is taken by a mechanism": () => void handlersOf([accounts]),
  "an hour is turned once, when it comes": given("instance", (market) => {
    market.now = market.nextHour + 1
    turnHours(market, market.now, true)
  }),
  "an hour is turned when it has come": given("instance", (market) =>
    turnHours(market, market.nextHour - 1, true),
  ),
  "the window of health turns with the hours": given("instance", (market) => {
    market.health.hour += 1
    turnHours(market, market.nextHour, true)
  }),

  "an account is the ledger's customer of the same number": stepped("instance", ({ ledger }) => {
    ledger.customers += 1
    return { _tag: "AccountOpened", account: 999 }
  }),
  "an open withdrawal is of something": stepped("openWithdrawal", ({ ledger }, slot) => {
    ledger.holds.withdrawals.columns.earned[slot] = 0
    return { _tag: "WithdrawalPosted", transfer: ledger.holds.withdrawals.ids[slot]! }
  }),
  "a party is known by its own first account": stepped(
    "instance",
    ({ accounts: { columns, ids } }) => {
      columns.party.set([1, 2, 2, 3])
      return { _tag: "AccountsLinked", account: ids[0]!, other: ids[3]! }
    },
  ),

  "a finding is of something": given("instance", (market, slot) =>
    audit(market, slot, "OverReported", 0),
  ),
  "an instance is looked at again later, if at all": given("parkedInstance", (market, slot) => {
    market.breakers.openUntil[slot] = NaN
    refresh(market, slot)
  }),
  "a measurement is of a model that is served": given("instance", (market, slot) => {
    const { columns } = market.instances
    columns.measuredSlots[slot] = 0
    columns.measureUntil[slot] = 0
    columns.measurement[slot] = 0
    measureWhereDue(market, slot)
  }),
  "an instance is parked each time its breaker trips": given("quietInstance", (market, slot) => {
    market.instances.columns.parks[slot] += 1
    park(market, slot)
  }),
  "a doubt is settled while there is one": stepped("doubtProbe", ({ instances }, slot) => {
    instances.columns.isDoubted[slot] = 0
    return {
      _tag: "ProbeEnded",
      instance: instances.ids[slot]!,
      probe: instances.columns.probe[slot]!,
      outcome: "completed",
      outputTokens: 32,
      decodeMicros: 1,
      retryAfterMicros: 0,
    }
  }),
  "a multiplier lies between 1 and the rules' most": given("instance", (market) => {
    const { columns } = market.models
    turn(market, { bountyMaxMultiplier: 0.5 })
    columns.demandAverage[0] = 1e12
    columns.announcedUntil[0] = 0
    announceBounties(market)
  }),
  "an average demand is at least 0": given(
    "instance",
    (market) => {
      market.models.columns.demandTokens[0] = -1e12
      announceBounties(market)
    },
    "pooled",
  ),
  "the parties' demand is the model's": given("instance", (market) => {
    market.models.columns.demandTokens[0] += 1
    announceBounties(market)
  }),
  "both parts of a claim are at least 0": given("instance", (market) => claim(market, 0, -1, 0)),
  "whoever is listed as a claimant claims something": given("instance", (market) => {
    market.claimants.splice(0, Infinity, 0)
    market.accounts.columns.claimNow[0] = 0
    market.accounts.columns.claimVesting[0] = 0
    payBounties(market)
  }),
  "a seat is left after it was taken": given("instance", (market, slot) => {
    market.instances.columns.seatSince[slot] = market.now + 1
    leaveSeat(market, slot)
  }),
  "a place is taken by nobody who came earlier": given("quietInstance", (market, slot) => {
    const { model, node } = market.instances.columns
    const { now } = market
    market.vacantSeats.set(node[slot]!, [{ model: model[slot]!, since: now + 1, vacantSince: now }])
    takeSeat(market, slot, false)
  }),
  "a node goes after the last of its instances": given("instance", (market, slot) =>
    bequeathSeats(market, market.instances.columns.node[slot]!),
  ),
  "a bounty vests over a day or more": given("instance", (market) => vest(market, 0, 1), "pooled"),
  "what vests is something": given("instance", (market) => vest(market, 0, 0)),
  "what an account's cohorts hold is in its vesting lot": given(
    "vestingAccount",
    (market, slot) => {
      market.vestings.get(slot)![0]! += 1
      releaseVested(market)
    },
  ),

  "an operator is counted at the models of its instances": given(
    "quietInstance",
    (market, slot) => {
      for (const operators of market.operators) operators.clear()
      stopInstance(market, slot)
    },
  ),
  "a model loses no more instances than it has": given("quietInstance", (market, slot) => {
    market.models.columns.instances.fill(0)
    stopInstance(market, slot)
  }),
  "an instance that leaves was counted": given("quietInstance", (market, slot) => {
    for (const standings of market.standings) standings.fill(0)
    stopInstance(market, slot)
  }),
  "an instance stops after its last attempt": given("quietInstance", (market, slot) => {
    market.instances.columns.inFlight[slot] = 1
    stopInstance(market, slot)
  }),
  "an instance is on the list of its node": given("quietInstance", (market, slot) => {
    market.nodes.columns.firstInstance.fill(0)
    stopInstance(market, slot)
  }),
  "a node is waited for from when it was heard of": given("watchedNode", (market, slot) => {
    market.nodes.columns.lastHeartbeat[slot] = market.now - 1
    superviseFrom(market, slot)
  }),
  "a node is lost by silence once it has been heard of": given("watchedNode", (market, slot) => {
    market.nodes.columns.isSupervised[slot] = 0
    checkHeartbeat(market, slot)
  }),
  "an instance comes, or it goes": given("quietInstance", (market, slot) =>
    setOnline(market, slot, true),
  ),

  "a majority of failures is at least 0": given("instance", (market) => {
    const { failedOperator, failedThere } = market.accounts.columns
    failedOperator[0] = 3
    failedThere[0] = 0.5
    noteFailed(market, 0, 4)
  }),
  "a party fails with no operator more often than it fails": given("instance", (market) => {
    const { failedLately, failedOperator, failedThere } = market.accounts.columns
    failedOperator[0] = 3
    failedLately[0] = 0
    failedThere[0] = 1
    isCredible(market, 0, 3)
  }),
  "what is remembered fades as hours turn": () => halved(5, 0),
  "a rate of refusals is above 0, to 1": given("quietInstance", (market, slot) => {
    const { answers, model, operator, refusals } = market.instances.columns
    model.fill(model[slot]!)
    operator.fill(operator[slot]! + 1)
    operator[slot]! -= 1
    answers.fill(10)
    refusals.fill(-1)
    refusals[slot] = 3
    standsOutByRefusal(market, slot)
  }),
  "a failure was shown by somebody, or is beyond doubt": given("instance", (market, slot) =>
    countFailure(market, slot, -2),
  ),
  "an attempt is accused once": () => {
    const rows = attempts()
    accuse(rows, 0, "stalled")
    accuse(rows, 0, "stalled")
  },
  "an attempt is accused by one of the outcomes": () => accuse(attempts(), 0, "rain" as Outcome),
  "what is held against an attempt is an outcome": () => {
    const rows = attempts()
    rows.accusations[0] = 99
    accusationOf(rows, 0)
  },

  "a call that is settled has a hold": stepped("openRequest", (market, slot) => {
    const { requests } = market.ledger.holds
    remove(requests, slotOf(requests, market.requests.ids[slot]!))
    return answerOf(market, slot)
  }),
  "a charge is split into parts of 0 or more": stepped("openRequest", (market, slot) => {
    turn(market, { feeBps: 20_000, doGiftsStayGifts: false })
    return answerOf(market, slot)
  }),
  "a call is served at a price that its consumer can pay": stepped(
    "quietInstance",
    (market, slot) => {
      drawing(market, slot)
      const { pricing } = market.rules
      const worst: typeof pricing.worst = (offers, model, ask, level) =>
        level === dearest ? 2 ** 60 : pricing.worst(offers, model, ask, level)
      turn(market, { pricing: { ...pricing, levelOf: () => dearest, worst } })
      return requestOf(market, market.instances.columns.model[slot])
    },
  ),
  "a call is given to an eligible instance": stepped("parkedInstance", (market, slot) => {
    drawing(market, slot)
    return requestOf(market)
  }),
  "an attempt that ends was under way": stepped("openRequest", (market, slot) => {
    market.instances.columns.inFlight.fill(0)
    return answerOf(market, slot)
  }),
  "no instance is tried twice for one request": stepped("openRequest", (market, slot) => {
    drawing(market, market.requests.columns.instance[slot]!)
    return answerOf(market, slot, "connectFailed")
  }),
  "an attempt was dispatched under a generation that had begun": stepped(
    "openRequest",
    (market, slot) => {
      market.attempts.generations.fill(99)
      return answerOf(market, slot)
    },
  ),
}
