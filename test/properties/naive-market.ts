/**
 * A naive model of the whole market: what an accountant and a gateway's operator would write down
 * from the events and the commands alone, with maps and lists, looked through anew each time. It
 * knows nothing of slots, indexes, rings or queues, and shares no code with the kernel.
 *
 * It decides which events are legal, who may serve, what each command has to be, and what every
 * balance is. The only thing that it takes from the kernel's word is the size of a bounty (within the
 * bounds that the rules set) and which of the allowed instances the lottery chose.
 */
import type { Command } from "../../engine/protocol/command.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { EventOf, MarketEvent, Outcome } from "../../engine/protocol/event.ts"
import { lotNames, lotOf } from "../../engine/ledger/accounts.ts"
import { ensure, held } from "./ensure.ts"
import type { NaiveBreaker } from "./naive-breaker.ts"
import {
  closeNaively,
  disownNaively,
  forgetNaively,
  makeNaiveBreaker,
  micros,
  nobody,
  noteWhileClosed,
  tripNaively,
} from "./naive-breaker.ts"

const second = 1_000_000
const hour = 3600 * second

/** Hours are not sold in these lives: whatever is about them is rejected (`hours/` lives the others). */
const aboutHours = [
  "RegionSet",
  "ListingSet",
  "ListingPhaseSet",
  "ListingMeasured",
  "ScheduleSet",
  "ScheduleCleared",
  "SlaSet",
  "TiersSet",
  "BalanceSet",
  "QueueSet",
  "RequestWithdrawn",
  "BookingRequested",
  "DeliveryStarted",
  "DeliveryProbed",
  "BookingCancelled",
  "BookingEnded",
  "BookingConfirmed",
  "BookingDisputed",
  "DisputeAnswered",
  "DisputeRuled",
  "RatingGiven",
  "SwarmJoined",
  "SwarmLeft",
  "DataShared",
  "PriceProposed",
  "BatchOpened",
  "BatchCancelled",
  "ContractOffered",
  "ContractAccepted",
  "ContractClosed",
] as const satisfies ReadonlyArray<MarketEvent["_tag"]>
type HoursTag = (typeof aboutHours)[number]
type Tag = Exclude<MarketEvent["_tag"], HoursTag>
const isAboutHours = (tag: MarketEvent["_tag"]): tag is HoursTag =>
  (aboutHours as ReadonlyArray<string>).includes(tag)
type Of<T extends Command["_tag"]> = Extract<Command, { readonly _tag: T }>

const failures: ReadonlySet<Outcome> = new Set<Outcome>([
  "connectFailed",
  "upstreamError",
  "firstTokenTimeout",
  "stalled",
  "truncated",
  "malformed",
  "notServed",
  "qualityFailed",
])
const retried: ReadonlySet<Outcome> = new Set<Outcome>([
  ...failures,
  "backpressure",
  "credentialRefused",
])

export interface NaiveAccount {
  readonly id: number
  gift: bigint
  bought: bigint
  earned: bigint
  vesting: bigint
  /** Bounty claimed since the last turn of the hour. */
  claimed: bigint
  /** Of a party, at its first account: attempts of late that were served, and that failed. */
  served: number
  failed: number
  /** The operator's first account that most failures were with, by how many more than with others. */
  failedWith: number
  failedMore: number
}

interface NaiveHold {
  readonly account: number
  readonly gift: bigint
  readonly bought: bigint
  readonly earned: bigint
}

export interface NaiveNode {
  readonly id: number
  readonly account: number
  isOnline: boolean
  isSupervised: boolean
  lastBeat: number
  reduction: number
  reductionAt: number
  seats: Array<NaiveSeat>
}

/** A place on a node, and who has it: nobody, once it was left. */
interface NaiveSeat {
  model: number
  holder: number | undefined
  since: number
  leftAt: number
}

/** What an operator's removed nodes left behind. */
interface Inheritance {
  readonly seats: ReadonlyArray<NaiveSeat>
  readonly reduction: number
  readonly reductionAt: number
}

export interface NaiveInstance {
  readonly id: number
  readonly node: number
  readonly account: number
  model: number
  /** What it asks itself, and when it set prices for its present model. */
  ownPrice: number | undefined
  pricedAt: Array<number>
  slots: number
  tokensPerSecond: number
  measured: { readonly slots: number; readonly tokensPerSecond: number } | undefined
  /** Models that it has served, and until when the measurement of the present one is under way. */
  models: number
  measureUntil: number
  /** Requests whose present attempt it serves. */
  readonly inFlight: Set<number>
  isAvailable: boolean
  isDraining: boolean
  isStopping: boolean
  isSuspended: boolean
  readonly breaker: NaiveBreaker
  isBelowFloor: boolean
  streams: Array<{ readonly at: number; readonly isSlow: boolean }>
  backpressureUntil: number
  /** Bounds on the tokens owed as of `debtAt`: the ramp moves while they drain. */
  debtLeast: number
  debtMost: number
  debtAt: number
  drainLeast: number
  drainMost: number
  onlineMicros: number
  successes: number
  /** A synthetic probe under way. */
  probe: { readonly number: number; readonly purpose: string; readonly until: number } | undefined
  probes: number
  probeAfter: number
  /** Since when it has wanted a probe without getting one. */
  wantsSince: number
  /** A request that probes. */
  probeRequest: { readonly request: number; readonly until: number } | undefined
  outcomes: Array<{ readonly what: string; readonly hour: number }>
  /** Why it is to be probed although nothing has parked it. */
  doubt: "failures" | "token" | undefined
  /** Failures that only one party has seen, and an account of its. */
  suspicions: number
  suspicionAccount: number
  /** Answers of late, and refusals among them that nobody has confirmed. */
  answers: number
  refusals: number
}

/** An attempt of a request that is over, and what it is judged by when the request is. */
interface Accusation {
  readonly instance: number
  readonly outcome: Outcome
  readonly trips: number
}

export interface NaiveRequest {
  readonly id: number
  readonly account: number
  readonly model: number
  readonly inputTokens: number
  readonly maxTokens: number
  readonly inputPrice: number
  outputPrice: number
  readonly hold: NaiveHold
  attempt: number
  instance: number
  /** Trips of the instance's breaker when the attempt was dispatched. */
  trips: number
  readonly tried: Array<number>
  readonly accusations: Array<Accusation>
}

export interface NaiveModel {
  readonly id: number
  inputPrice: number
  outputPrice: number
}

export type NaiveMarket = ReturnType<typeof makeNaiveMarket>

const isWhole = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 53

export const makeNaiveMarket = (economy: Economy) => {
  const { breaker: breakerKnobs, floor, ramp, flap } = economy
  const minor = 10 ** economy.money.scale
  const hostsSetPrices = economy.pricing.tokens === "host"
  const accounts = new Map<number, NaiveAccount>()
  const nodes = new Map<number, NaiveNode>()
  const instances = new Map<number, NaiveInstance>()
  const models = new Map<number, NaiveModel>()
  const requests = new Map<number, NaiveRequest>()
  const withdrawals = new Map<number, NaiveHold>()
  const transfers = new Set<number>()
  const links: Array<readonly [number, number]> = []
  const inheritances = new Map<number, Inheritance>()
  const system = { world: 0n, platform: 0n, pool: 0n, promotion: 0n }
  /** What the pool ever received and paid: no more may be paid than was received. */
  const pool = { received: 0n, paid: 0n }
  const clock = { now: 0, lastRequest: -1 }

  const isOneParty = (a: number, b: number): boolean => {
    const seen = new Set([a])
    for (let isGrowing = true; isGrowing;) {
      const before = seen.size
      for (const [x, y] of links) {
        if (seen.has(x)) seen.add(y)
        if (seen.has(y)) seen.add(x)
      }
      isGrowing = seen.size > before
    }
    return seen.has(b)
  }

  // --- holds and balances -------------------------------------------------------------------

  const holds = () => [...[...requests.values()].map((one) => one.hold), ...withdrawals.values()]

  const heldOf = (account: number) => {
    const own = holds().filter((one) => one.account === account)
    const sum = (of: (one: NaiveHold) => bigint) => own.reduce((total, one) => total + of(one), 0n)
    return {
      gift: sum((one) => one.gift),
      bought: sum((one) => one.bought),
      earned: sum((one) => one.earned),
    }
  }

  const freeOf = (account: NaiveAccount) => {
    const h = heldOf(account.id)
    return {
      gift: account.gift - h.gift,
      bought: account.bought - h.bought,
      earned: account.earned - h.earned,
    }
  }

  const least = (a: bigint, b: bigint) => (a < b ? a : b)

  const priceOf = (
    input: number,
    inputPrice: number,
    output: number,
    outputPrice: number,
  ): bigint =>
    (BigInt(input) * BigInt(inputPrice) + BigInt(output) * BigInt(outputPrice) + 999_999n) /
    1_000_000n

  const moneyInAll = () => -system.world - system.promotion
  const mostMoney = BigInt(Number.MAX_SAFE_INTEGER)

  // --- the pool of instances ----------------------------------------------------------------

  const nodeOf = (instance: NaiveInstance) => held(nodes, instance.node)
  const isOnline = (instance: NaiveInstance) => nodeOf(instance).isOnline
  const isInService = (one: NaiveInstance) =>
    isOnline(one) && one.isAvailable && !one.isDraining && !one.isSuspended

  const flapMicros = flap.decayHours * hour
  const reductionOf = (of: {
    readonly reduction: number
    readonly reductionAt: number
  }): number => {
    const elapsed = clock.now - of.reductionAt
    return elapsed >= flapMicros ? 0 : of.reduction * (1 - elapsed / flapMicros)
  }

  // --- seats ----------------------------------------------------------------------------------

  const isRecent = (at: number) => clock.now - at < flapMicros
  const isHeld = (seat: NaiveSeat) => seat.holder !== undefined

  /** May `newer` take the place of `vacant`? */
  const maySucceed = (newer: NaiveSeat, vacant: NaiveSeat) =>
    isHeld(newer) &&
    !isHeld(vacant) &&
    isRecent(newer.since) &&
    isRecent(vacant.leftAt) &&
    (newer.since > vacant.since || newer.since >= vacant.leftAt)

  const startOrder = (seat: NaiveSeat) => [...instances.keys()].indexOf(seat.holder ?? -1)

  const isOlder = (a: NaiveSeat, b: NaiveSeat): number =>
    a.since - b.since || a.leftAt - b.leftAt || a.model - b.model

  /** All places that may be taken: returns first, the oldest vacant seat, the oldest newer one. */
  const successionsOn = ({ seats }: NaiveNode) =>
    seats
      .flatMap((vacant) =>
        seats.filter((newer) => maySucceed(newer, vacant)).map((newer) => ({ vacant, newer })),
      )
      .toSorted(
        (a, b) =>
          Number(a.vacant.model !== a.newer.model) - Number(b.vacant.model !== b.newer.model) ||
          isOlder(a.vacant, b.vacant) ||
          a.newer.since - b.newer.since ||
          startOrder(a.newer) - startOrder(b.newer),
      )

  const succeed = (node: NaiveNode): void => {
    for (;;) {
      const first = successionsOn(node)[0]
      if (first === undefined) return
      const { vacant, newer } = first
      newer.since = vacant.since
      node.seats = node.seats.filter((seat) => seat !== vacant)
      if (vacant.model !== newer.model) reduce(node)
    }
  }

  const takeSeat = (node: NaiveNode, instance: NaiveInstance, isPlatformAsked: boolean): void => {
    const { id: holder, model } = instance
    if (isPlatformAsked) {
      const vacant = node.seats
        .filter((seat) => !isHeld(seat) && isRecent(seat.leftAt))
        .toSorted(isOlder)
      const taken = vacant.find((seat) => seat.model === model) ?? vacant[0]
      node.seats = node.seats.filter((seat) => seat !== taken)
    }
    node.seats.push({ model, holder, since: isPlatformAsked ? -1 : clock.now, leftAt: 0 })
    succeed(node)
  }

  /** The seat moves to the end: whoever left last is looked at last among equals. */
  const leaveSeat = (node: NaiveNode, instance: NaiveInstance): void => {
    const left = node.seats.filter((seat) => seat.holder === instance.id)
    node.seats = node.seats.filter((seat) => !left.includes(seat))
    for (const seat of left) node.seats.push({ ...seat, holder: undefined, leftAt: clock.now })
  }

  const rootOf = (account: number): number =>
    [...accounts.keys()].find((one) => isOneParty(one, account)) ?? account

  const bequeath = (root: number, from: Inheritance): void => {
    const own = inheritances.get(root) ?? { seats: [], reduction: 0, reductionAt: 0 }
    const all = [...own.seats, ...from.seats].filter((seat) => isRecent(seat.leftAt))
    const seats = [...new Set(all.map((seat) => seat.model))].map((model) => {
      const same = all.filter((seat) => seat.model === model)
      const last = Math.max(...same.map((seat) => seat.leftAt))
      const since = Math.min(
        ...same.filter(({ leftAt }) => leftAt === last).map((seat) => seat.since),
      )
      return { model, holder: undefined, since, leftAt: last }
    })
    const { reduction, reductionAt } = reductionOf(from) > reductionOf(own) ? from : own
    inheritances.set(root, { seats, reduction, reductionAt })
  }

  const rampAt = (instance: NaiveInstance, onlineMicros = instance.onlineMicros): number => {
    const byTime = ramp.onlineHours === 0 ? 1 : onlineMicros / (ramp.onlineHours * hour)
    const bySuccess = ramp.successes === 0 ? 1 : instance.successes / ramp.successes
    const progress = Math.min(1, byTime, bySuccess)
    return progress === 1 ? 1 : ramp.start + (1 - ramp.start) * progress
  }

  const isVerified = economy.routing.capacity === "verified"

  const slotsOf = ({ slots, measured }: NaiveInstance): number =>
    isVerified ? Math.min(slots, measured?.slots ?? 1) : slots
  const speedOf = ({ tokensPerSecond, measured }: NaiveInstance): number =>
    isVerified ? Math.min(tokensPerSecond, measured?.tokensPerSecond ?? 0) : tokensPerSecond

  const capacityAt = (instance: NaiveInstance, onlineMicros: number): number =>
    Math.max(1, Math.floor(rampAt(instance, onlineMicros) * slotsOf(instance)))
  /** Capacity as of now, and as of a few microseconds ago: a slot may be noticed that much late. */
  const capacitiesOf = (instance: NaiveInstance): ReadonlyArray<number> => [
    ...new Set([
      capacityAt(instance, instance.onlineMicros),
      capacityAt(instance, Math.max(0, instance.onlineMicros - 5)),
    ]),
  ]

  const drainNow = (instance: NaiveInstance) => rampAt(instance) * speedOf(instance)

  /** Does the rate cap let nothing through: surely, surely not, or is it too close to call? */
  const rateCapOf = (instance: NaiveInstance): "on" | "off" | "unsure" => {
    if (rampAt(instance) === 1) return "off"
    noteDrain(instance)
    const seconds = (clock.now - instance.debtAt) / second
    const { drainLeast, drainMost } = instance
    const low = instance.debtLeast - seconds * drainMost - ramp.burstSeconds * drainMost
    const high = instance.debtMost - seconds * drainLeast - ramp.burstSeconds * drainLeast
    const slack = 1e-5 * drainMost + 1e-9 * instance.debtMost
    if (instance.debtMost === 0 || high < -slack) return "off"
    return low > slack ? "on" : "unsure"
  }

  const noteDrain = (instance: NaiveInstance): void => {
    const drain = drainNow(instance)
    instance.drainLeast = Math.min(instance.drainLeast, drain)
    instance.drainMost = Math.max(instance.drainMost, drain)
  }

  const owe = (instance: NaiveInstance, tokens: number): void => {
    if (rampAt(instance) === 1) {
      instance.debtLeast = 0
      instance.debtMost = 0
      return
    }
    noteDrain(instance)
    const seconds = (clock.now - instance.debtAt) / second
    instance.debtLeast = Math.max(0, instance.debtLeast - seconds * instance.drainMost) + tokens
    instance.debtMost = Math.max(0, instance.debtMost - seconds * instance.drainLeast) + tokens
    instance.debtAt = clock.now
    instance.drainLeast = drainNow(instance)
    instance.drainMost = instance.drainLeast
  }

  const isSynthetic = breakerKnobs.probe === "synthetic"

  /** Every reason that the kernel may show for an instance: more than one only where it is close. */
  const reasonsOf = (instance: NaiveInstance): ReadonlyArray<string> => {
    if (!isOnline(instance)) return ["Inactive"]
    if (instance.isDraining) return ["Draining"]
    if (instance.isSuspended) return ["Suspended"]
    if (!instance.isAvailable) return ["OffSchedule"]
    if (isVerified && instance.measured === undefined) return ["Unverified"]
    const { mode } = instance.breaker
    if (mode === "open") return ["Parked"]
    if (mode === "halfOpen" && (isSynthetic || instance.probeRequest !== undefined))
      return ["ProbeUnderWay"]
    if (instance.isBelowFloor) return ["BelowFloor"]
    if (clock.now < instance.backpressureUntil) return ["Backpressure"]
    const cap = rateCapOf(instance)
    if (cap === "on") return ["RateCapped"]
    const open = capacitiesOf(instance).map((capacity) =>
      instance.inFlight.size >= capacity ? "Full" : "Eligible",
    )
    return cap === "off" ? open : ["RateCapped", ...open]
  }

  interface Choice {
    /** Everyone whom the rule allows to be chosen. */
    readonly allowed: ReadonlySet<number>
    /** Is there nobody, surely? And somebody, surely? */
    readonly isNobody: boolean
    readonly isSomebody: boolean
  }

  /** Whom the selection rule may choose among a model's instances, but for those tried. */
  const choicesFor = (
    model: number,
    tried: ReadonlyArray<number>,
    healthOf: (instance: number) => number,
    isAffordable: (outputPrice: number) => boolean,
  ): Choice => {
    const all = [...instances.values()].filter(
      (one) => one.model === model && !tried.includes(one.id) && isAffordable(askOf(one)),
    )
    const reasons = new Map(all.map((one) => [one.id, reasonsOf(one)]))
    const surely = all.filter((one) => String(held(reasons, one.id)) === "Eligible")
    const maybe = all.filter((one) => held(reasons, one.id).includes("Eligible"))
    const isCertain = all.every(
      (one) => held(reasons, one.id).length === 1 && capacitiesOf(one).length === 1,
    )
    const allowed = isCertain ? bestOf(cheapestOf(surely), all, healthOf) : maybe
    return {
      allowed: new Set(allowed.map((one) => one.id)),
      isNobody: maybe.length === 0,
      isSomebody: surely.length > 0,
    }
  }

  /** What the output of an instance costs. */
  const askOf = (one: NaiveInstance): number =>
    (hostsSetPrices ? one.ownPrice : undefined) ?? held(models, one.model).outputPrice

  /** Where hosts set prices, all but a lottery over them takes the lowest. */
  const cheapestOf = (open: ReadonlyArray<NaiveInstance>): ReadonlyArray<NaiveInstance> => {
    if (economy.routing.selection === "priceLottery") return open
    const lowest = Math.min(...open.map(askOf))
    return open.filter((one) => askOf(one) === lowest)
  }

  const inputPriceOf = (model: NaiveModel): number =>
    economy.pricing.inputTokens === "free" ? 0 : model.inputPrice

  /** May this price of output be asked for a request, of one who accepts so much and has so much? */
  const isWithin =
    (
      request: { readonly inputTokens: number; readonly maxTokens: number },
      inputPrice: number,
      most: number,
      budget: bigint,
    ) =>
    (outputPrice: number): boolean =>
      outputPrice <= most &&
      priceOf(request.inputTokens, inputPrice, request.maxTokens, outputPrice) <= budget

  const bestOf = (
    open: ReadonlyArray<NaiveInstance>,
    all: ReadonlyArray<NaiveInstance>,
    healthOf: (instance: number) => number,
  ): ReadonlyArray<NaiveInstance> => {
    const { selection, tieBreak, load } = economy.routing
    const capacityOf = (one: NaiveInstance) => capacityAt(one, one.onlineMicros)
    const isLess = (a: NaiveInstance, b: NaiveInstance) =>
      load === "slots"
        ? capacityOf(a) - a.inFlight.size > capacityOf(b) - b.inFlight.size
        : a.inFlight.size * capacityOf(b) < b.inFlight.size * capacityOf(a)
    const best = (among: ReadonlyArray<NaiveInstance>) => {
      const idle = among.filter((one) => !among.some((other) => isLess(other, one)))
      if (tieBreak !== "strict") return idle
      const highest = Math.max(...idle.map((one) => healthOf(one.id)))
      return idle.filter((one) => healthOf(one.id) === highest)
    }
    if (selection === "leastLoaded") return best(open)
    if (selection !== "operatorFirst") return open
    const admitted = all.filter(
      (one) =>
        ["Eligible", "Full"].includes(reasonsOf(one)[0] ?? "") &&
        (!hostsSetPrices ||
          economy.routing.selection === "priceLottery" ||
          open.some((other) => askOf(other) === askOf(one))),
    )
    const ofParty = (among: ReadonlyArray<NaiveInstance>, account: number) =>
      among.filter((one) => isOneParty(one.account, account))
    const sums = (account: number) => {
      const own = ofParty(admitted, account)
      return {
        inFlight: own.reduce((sum, one) => sum + one.inFlight.size, 0),
        capacity: own.reduce((sum, one) => sum + capacityOf(one), 0),
      }
    }
    const operators = [...new Set(open.map((one) => one.account))]
    return operators
      .filter((a) => {
        const mine = sums(a)
        return !operators.some((b) => {
          const other = sums(b)
          return other.inFlight * mine.capacity < mine.inFlight * other.capacity
        })
      })
      .flatMap((account) => best(ofParty(open, account)))
  }

  // --- what may happen ------------------------------------------------------------------------

  const areQuantities = (slots: number, tokensPerSecond: number) =>
    isWhole(slots) &&
    slots >= 1 &&
    slots <= 1024 &&
    isWhole(tokensPerSecond) &&
    tokensPerSecond >= 1

  const isNewTransfer = (transfer: number, amount: number) =>
    isWhole(transfer) && !transfers.has(transfer) && isWhole(amount) && amount > 0

  const mayAdd = (amount: number) => moneyInAll() + BigInt(amount) <= mostMoney

  const legal: { readonly [T in Tag]: (event: EventOf<T>) => boolean } = {
    TimerFired: () => true,
    GatewayResumed: () => true,
    AccountOpened: ({ account }) => isWhole(account) && !accounts.has(account),
    AccountsLinked: ({ account, other }) => accounts.has(account) && accounts.has(other),
    CreditsBought: ({ transfer, account, amount }) =>
      accounts.has(account) && isNewTransfer(transfer, amount) && mayAdd(amount),
    PoolFunded: ({ transfer, amount }) => isNewTransfer(transfer, amount) && mayAdd(amount),
    WithdrawalRequested: ({ transfer, account, amount }) => {
      const from = accounts.get(account)
      return (
        from !== undefined &&
        isNewTransfer(transfer, amount) &&
        amount >= Math.round(economy.withdrawal.minimumCredits * minor) &&
        freeOf(from).earned >= BigInt(amount)
      )
    },
    WithdrawalPosted: ({ transfer }) => withdrawals.has(transfer),
    WithdrawalVoided: ({ transfer }) => withdrawals.has(transfer),
    FraudConfirmed: ({ account }) => accounts.has(account),
    ModelListed: (event) =>
      isWhole(event.model) && isWhole(event.inputPricePerMtok) && isWhole(event.outputPricePerMtok),
    NodeRegistered: ({ node, account }) =>
      isWhole(node) && !nodes.has(node) && accounts.has(account),
    HeartbeatReceived: ({ node, utilisationBps = 0 }) =>
      nodes.has(node) && isWhole(utilisationBps) && utilisationBps <= 10_000,
    PriceSet: ({ instance, outputPricePerMtok: price }) => {
      const one = instances.get(instance)
      const { leastPerMtok, changesPerHour, maxRaisePerDay } = economy.pricing
      if (!hostsSetPrices || one === undefined || !isWhole(price)) return false
      if (price < Math.max(1, Math.round(leastPerMtok * minor))) return false
      if (!/^\d{1,3}0*$/.test(String(BigInt(price)))) return false
      if (one.ownPrice === undefined || one.ownPrice === price) return true
      const thisHour = (at: number) => Math.floor(at / hour) === Math.floor(clock.now / hour)
      if (one.pricedAt.filter(thisHour).length >= changesPerHour) return false
      const days = Math.min(1, (clock.now - (one.pricedAt.at(-1) ?? 0)) / (24 * hour))
      const most = one.ownPrice * (1 + maxRaisePerDay * days)
      return maxRaisePerDay === 0 || price <= Math.max(one.ownPrice, most)
    },
    NodeLost: ({ node }) => nodes.get(node)?.isOnline === true,
    NodeReturned: ({ node }) => nodes.get(node)?.isOnline === false,
    NodeRemoved: ({ node }) =>
      nodes.has(node) &&
      [...instances.values()].every((one) => one.node !== node || one.inFlight.size === 0),
    InstanceStarted: ({ instance, node, model, slots, tokensPerSecond }) =>
      isWhole(instance) &&
      !instances.has(instance) &&
      nodes.has(node) &&
      models.has(model) &&
      areQuantities(slots, tokensPerSecond),
    ModelSwitched: ({ instance, model, slots, tokensPerSecond }) => {
      const one = instances.get(instance)
      return (
        one !== undefined &&
        models.has(model) &&
        areQuantities(slots, tokensPerSecond) &&
        !one.isStopping &&
        one.model !== model &&
        one.inFlight.size === 0
      )
    },
    AccuracyMeasured: ({ instance, scoreBps, by }) =>
      instances.has(instance) &&
      isWhole(scoreBps) &&
      scoreBps <= 10_000 &&
      (by === undefined || (accounts.has(by) && economy.specialised.accuracy === "anyone")),
    // Nothing is run again in these lives.
    QualityAudited: () => false,
    CapacityMeasured: ({ instance, measurement, slots, tokensPerSecond }) =>
      instances.get(instance)?.models === measurement && areQuantities(slots, tokensPerSecond),
    AvailabilityChanged: ({ instance }) => instances.has(instance),
    InstanceDrained: ({ instance }) => instances.has(instance),
    InstanceStopped: ({ instance }) => instances.get(instance)?.isStopping === false,
    CredentialReplaced: ({ instance }) => instances.get(instance)?.isSuspended === true,
    RequestArrived: ({ request, account, model, inputTokens, maxTokens, maxPricePerMtok = 0 }) =>
      isWhole(request) &&
      isWhole(maxPricePerMtok) &&
      request > clock.lastRequest &&
      accounts.has(account) &&
      models.has(model) &&
      [inputTokens, maxTokens].every((tokens) => isWhole(tokens) && tokens <= 100_000_000),
    AttemptEnded: (event) => {
      const request = requests.get(event.request)
      return (
        request !== undefined &&
        request.attempt === event.attempt &&
        [
          event.outputTokens,
          event.reportedTokens,
          event.decodeMicros,
          event.retryAfterMicros,
        ].every(isWhole) &&
        event.outputTokens <= request.maxTokens
      )
    },
    ProbeEnded: ({ instance, probe, outputTokens, decodeMicros, retryAfterMicros }) =>
      instances.get(instance)?.probe?.number === probe &&
      [outputTokens, decodeMicros, retryAfterMicros].every(isWhole),
  }

  const isLegal = (event: MarketEvent, nextWake: number): boolean => {
    if (!isWhole(event.at) || event.at < clock.now) return false
    const isTime = event._tag === "TimerFired" || event._tag === "GatewayResumed"
    if (!isTime && event.at > nextWake) return false
    if (isAboutHours(event._tag)) return false
    return (legal[event._tag] as (one: MarketEvent) => boolean)(event)
  }

  // --- what follows ---------------------------------------------------------------------------

  /** The step's commands, taken one by one in the order in which they must come. */
  const reader = (commands: ReadonlyArray<Command>) => {
    let at = 0
    return {
      peek: (): Command | undefined => commands[at],
      next: <T extends Command["_tag"]>(tag: T): Of<T> => {
        const command = commands[at++]
        ensure(command?._tag === tag, `expected ${tag}`, () => ({ commands, at: at - 1 }))
        return command as Of<T>
      },
      end: (): void => {
        ensure(at === commands.length, "no further command", () => commands.slice(at))
      },
    }
  }
  type Reader = ReturnType<typeof reader>

  /** Moves money between named places, in exact arithmetic. */
  const move = (from: (amount: bigint) => void, to: (amount: bigint) => void, amount: bigint) => {
    from(-amount)
    to(amount)
  }
  const into = {
    world: (amount: bigint) => void (system.world += amount),
    platform: (amount: bigint) => void (system.platform += amount),
    promotion: (amount: bigint) => void (system.promotion += amount),
    pool: (amount: bigint) => {
      system.pool += amount
      if (amount > 0n) pool.received += amount
      else pool.paid -= amount
    },
    lot: (account: number, lot: "gift" | "bought" | "earned" | "vesting") => (amount: bigint) => {
      held(accounts, account)[lot] += amount
    },
  }

  const expectPost = (
    read: Reader,
    kind: Of<"Post">["kind"],
    amount: bigint,
    reference: number,
  ) => {
    if (amount === 0n) return
    const post = read.next("Post")
    ensure(
      post.kind === kind && BigInt(post.amount) === amount && post.reference === reference,
      `3: expected a ${kind} of ${amount} for ${reference}`,
      () => post,
    )
  }

  const count = (instance: NaiveInstance, what: string): void => {
    instance.outcomes.push({ what, hour: Math.floor(clock.now / hour) })
  }

  const park = (instance: NaiveInstance, read: Reader): void => {
    tripNaively(instance.breaker, breakerKnobs, clock.now)
    instance.doubt = undefined
    instance.probe = undefined
    instance.probeRequest = undefined
    const command = read.next("Park")
    ensure(
      command.instance === instance.id && command.untilMicros === instance.breaker.openUntil,
      "parked for the cooldown",
      () => command,
    )
  }

  /** What time alone does to an instance that is in service. */
  const lookAgain = (instance: NaiveInstance): void => {
    if (!isInService(instance)) return
    const { breaker } = instance
    if (breaker.mode === "open" && clock.now >= breaker.openUntil) {
      breaker.mode = "halfOpen"
      instance.probeAfter = clock.now
    }
    if (instance.probeRequest !== undefined && clock.now >= instance.probeRequest.until)
      instance.probeRequest = undefined
    if (instance.probe !== undefined && clock.now >= instance.probe.until) {
      instance.probe = undefined
      instance.probeAfter = clock.now + micros(breakerKnobs.probeRetrySeconds)
    }
  }

  /** The probe that an instance wants at this very moment, if any. */
  const wantedProbe = (instance: NaiveInstance): string | undefined => {
    if (!isInService(instance) || clock.now < instance.probeAfter) return undefined
    if (clock.now < instance.backpressureUntil) return undefined
    if (instance.probe !== undefined || instance.probeRequest !== undefined) return undefined
    if (instance.breaker.mode === "open") return undefined
    if (instance.breaker.mode === "halfOpen" && isSynthetic) return "breaker"
    if (instance.breaker.mode === "closed" && instance.doubt !== undefined) return "doubt"
    return instance.isBelowFloor ? "floor" : undefined
  }

  /** Is a measurement due at this very moment? */
  const wantsMeasuring = (instance: NaiveInstance): boolean =>
    isVerified &&
    isInService(instance) &&
    instance.measured === undefined &&
    clock.now >= instance.measureUntil

  const takeProbe = (read: Reader): void => {
    const { instance: id, probe, purpose, tokens } = read.next("Probe")
    const instance = held(instances, id)
    ensure(
      wantedProbe(instance) === purpose,
      "13: a probe where one is wanted, one at a time",
      () => ({
        instance,
        purpose,
        now: clock.now,
      }),
    )
    instance.probes++
    ensure(probe === instance.probes, "probes are numbered", () => ({ probe, instance }))
    const { probeTokens, probeLeaseSeconds } = breakerKnobs
    const isLong = purpose === "floor" && floor.minStreamTokens > probeTokens
    ensure(
      tokens === (isLong ? floor.minStreamTokens : probeTokens),
      "14: a probe of the floor is long enough to measure it",
      () => tokens,
    )
    const further = (tokens - probeTokens) / Math.max(1, floor.readmitTokensPerSecond)
    const until = clock.now + micros(probeLeaseSeconds) + micros(further)
    instance.probe = { number: probe, purpose, until }
  }

  const takeMeasure = (read: Reader): void => {
    const { instance: id, measurement } = read.next("Measure")
    const instance = held(instances, id)
    ensure(wantsMeasuring(instance), "14: a measurement where one is due", () => instance)
    ensure(measurement === instance.models, "measurements are numbered by model", () => instance)
    instance.measureUntil = clock.now + micros(economy.routing.measureLeaseSeconds)
  }

  /** What the market asks of instances by itself, or of one: probes and measurements. */
  const takeAsked = (read: Reader, of?: NaiveInstance): void => {
    for (let next = read.peek(); next !== undefined; next = read.peek()) {
      if (next._tag !== "Probe" && next._tag !== "Measure") return
      if (of !== undefined && next.instance !== of.id) return
      if (next._tag === "Probe") takeProbe(read)
      else takeMeasure(read)
    }
  }

  /** Invariant 14: nobody is left without what is due, for more than a microsecond. */
  const expectNoWait = (): void => {
    for (const instance of instances.values()) {
      const isWaiting = wantedProbe(instance) !== undefined || wantsMeasuring(instance)
      if (!isWaiting) instance.wantsSince = Infinity
      else instance.wantsSince = Math.min(instance.wantsSince, clock.now)
      ensure(
        clock.now - instance.wantsSince <= 1,
        "14: a probe or a measurement is due and was not asked for",
        () => ({
          instance,
          now: clock.now,
        }),
      )
    }
  }

  const reduce = (node: NaiveNode): void => {
    node.reduction = Math.min(flap.maxReduction, reductionOf(node) + flap.initialReduction)
    node.reductionAt = clock.now
  }

  const serveModel = (
    instance: NaiveInstance,
    event: { readonly model: number; readonly slots: number; readonly tokensPerSecond: number },
    read: Reader,
  ): void => {
    instance.model = event.model
    instance.ownPrice = undefined
    instance.pricedAt = []
    instance.slots = event.slots
    instance.tokensPerSecond = event.tokensPerSecond
    instance.measured = undefined
    instance.models++
    instance.measureUntil = 0
    instance.isBelowFloor = false
    instance.streams = []
    instance.answers = 0
    instance.refusals = 0
    lookAgain(instance)
    takeAsked(read)
  }

  const drain = (instance: NaiveInstance): void => {
    if (instance.isDraining) return
    instance.isDraining = true
    leaveSeat(nodeOf(instance), instance)
    succeed(nodeOf(instance))
  }

  const loseNode = (node: NaiveNode): void => {
    node.isOnline = false
  }
  const returnNode = (node: NaiveNode, read: Reader): void => {
    node.isOnline = true
    for (const instance of instances.values()) if (instance.node === node.id) lookAgain(instance)
    takeAsked(read)
  }

  const dispatch = (request: NaiveRequest, command: Of<"Dispatch">): void => {
    const instance = held(instances, command.instance)
    ensure(
      command.request === request.id && command.attempt === request.attempt,
      "a dispatch of this attempt",
      () => command,
    )
    request.instance = instance.id
    request.trips = instance.breaker.trips
    request.tried.push(instance.id)
    instance.inFlight.add(request.id)
    if (instance.breaker.mode !== "halfOpen") return
    ensure(
      !isSynthetic && instance.probeRequest === undefined,
      "13: one probe at a time",
      () => instance,
    )
    instance.probeRequest = {
      request: request.id,
      until: clock.now + micros(breakerKnobs.probeLeaseSeconds),
    }
  }

  const expectChoice = (choice: Choice, command: Command | undefined): boolean => {
    const chosen = command?._tag === "Dispatch" ? command.instance : undefined
    if (chosen === undefined) {
      ensure(!choice.isSomebody, "11: refused while an eligible instance has room", () => [
        ...choice.allowed,
      ])
      return false
    }
    ensure(
      choice.allowed.has(chosen),
      "10: the chosen one is among the least loaded that may serve",
      () => ({
        chosen,
        allowed: [...choice.allowed],
      }),
    )
    return true
  }

  const settle = (
    request: NaiveRequest,
    event: EventOf<"AttemptEnded">,
    instance: NaiveInstance,
    read: Reader,
  ): void => {
    const tokens = Math.min(event.outputTokens, event.reportedTokens)
    const { hold } = request
    const charge = priceOf(request.inputTokens, request.inputPrice, tokens, request.outputPrice)
    const fee = (charge * BigInt(economy.feeBps)) / 10_000n
    const share = charge - fee
    const poolFee = (fee * BigInt(economy.bounty.poolFeeBps)) / 10_000n
    ensure(
      charge <= hold.gift + hold.bought + hold.earned,
      "24: a bill within its hold",
      () => hold,
    )
    const fromGift = least(charge, hold.gift)
    const fromBought = least(charge - fromGift, hold.bought)
    const fromEarned = charge - fromGift - fromBought
    requests.delete(request.id)
    expectPost(read, "charge", fromGift, request.id)
    expectPost(read, "charge", fromBought, request.id)
    expectPost(read, "charge", fromEarned, request.id)
    into.lot(request.account, "gift")(-fromGift)
    into.lot(request.account, "bought")(-fromBought)
    into.lot(request.account, "earned")(-fromEarned)
    // φ is a double: its product with the share may be a minor unit off on either side.
    const reduction = reductionOf(nodeOf(instance))
    const exact = Number(share) * reduction
    // Earnings first, and then what stays a gift.
    let paid = 0n
    let asGift = 0n
    for (
      let post = read.peek();
      post?._tag === "Post" && post.kind === "share";
      post = read.peek()
    ) {
      const amount = BigInt(read.next("Post").amount)
      paid += amount
      if (lotNames[lotOf(post.credit)?.lot ?? -1] === "gift") asGift += amount
    }
    const withheld = share - paid
    ensure(
      asGift ===
        (economy.promotion.giftsPay === "gifts" && charge > 0n ? (paid * fromGift) / charge : 0n),
      "22: a gift's part of what is paid stays a gift, where the economy says so",
      () => ({ paid, asGift, fromGift, charge }),
    )
    ensure(
      Math.abs(Number(withheld) - exact) <= 1 + Number(share) * 1e-12 && withheld <= share,
      "17: what is withheld is φ of the share",
      () => ({ withheld, share, reduction }),
    )
    expectPost(read, "withheld", withheld, request.id)
    expectPost(read, "fee", fee - poolFee, request.id)
    expectPost(read, "poolFee", poolFee, request.id)
    into.lot(instance.account, "earned")(paid - asGift)
    into.lot(instance.account, "gift")(asGift)
    into.pool(withheld)
    into.platform(fee - poolFee)
    into.pool(poolFee)
    const finish = read.next("Finish")
    ensure(
      finish.request === request.id &&
        finish.instance === instance.id &&
        finish.outcome === event.outcome &&
        finish.outputTokens === tokens &&
        BigInt(finish.charge) === charge &&
        BigInt(finish.fee) === fee &&
        BigInt(finish.share) === share &&
        BigInt(finish.withheld) === withheld,
      "3: a call is split exactly",
      () => ({ finish, charge, fee, share, withheld }),
    )
    const cap = Math.max(...economy.trust.tiers.map((tier) => tier.maxMultiplier))
    const most = Number(share) * (cap - 1) * (1 - reduction)
    ensure(
      finish.bounty >= 0 && finish.bounty <= most * (1 + 1e-12),
      "9: a bounty within the highest trust cap",
      () => ({ finish, most }),
    )
    if (fromGift === charge) ensure(finish.bounty === 0, "a gift earns no bounty", () => finish)
    if (economy.bounty.excludeLinked && isOneParty(request.account, instance.account))
      ensure(finish.bounty === 0, "own traffic earns no bounty", () => finish)
    held(accounts, instance.account).claimed += BigInt(finish.bounty)
  }

  type Health = (instance: number) => number
  type Effects = {
    readonly [T in Exclude<Tag, "TimerFired" | "GatewayResumed">]: (
      event: EventOf<T>,
      read: Reader,
      healthOf: Health,
      choice: Choice | undefined,
    ) => void
  }

  const effects: Effects = {
    AccountOpened: ({ account }, read) => {
      accounts.set(account, {
        id: account,
        gift: 0n,
        bought: 0n,
        earned: 0n,
        vesting: 0n,
        claimed: 0n,
        served: 0,
        failed: 0,
        failedWith: -1,
        failedMore: 0,
      })
      const grant = BigInt(Math.round(economy.promotion.grantCredits * minor))
      const budget = BigInt(Math.round(economy.promotion.budgetCredits * minor))
      if (grant - system.promotion > budget || moneyInAll() + grant > mostMoney) return
      expectPost(read, "grant", grant, account)
      move(into.promotion, into.lot(account, "gift"), grant)
    },
    AccountsLinked: ({ account, other }) => {
      const roots = [rootOf(account), rootOf(other)]
      links.push([account, other])
      const kept = rootOf(account)
      joinWitnesses(kept, roots)
      const joined = roots.find((root) => root !== kept) ?? kept
      const from = inheritances.get(joined)
      if (joined === kept || from === undefined) return
      bequeath(kept, from)
      inheritances.delete(joined)
    },
    CreditsBought: ({ transfer, account, amount }, read) => {
      transfers.add(transfer)
      expectPost(read, "purchase", BigInt(amount), transfer)
      move(into.world, into.lot(account, "bought"), BigInt(amount))
    },
    PoolFunded: ({ transfer, amount }, read) => {
      transfers.add(transfer)
      expectPost(read, "funding", BigInt(amount), transfer)
      move(into.world, into.pool, BigInt(amount))
    },
    WithdrawalRequested: ({ transfer, account, amount }) => {
      transfers.add(transfer)
      withdrawals.set(transfer, { account, gift: 0n, bought: 0n, earned: BigInt(amount) })
    },
    WithdrawalPosted: ({ transfer }, read) => {
      const { account, earned } = held(withdrawals, transfer)
      withdrawals.delete(transfer)
      expectPost(read, "withdrawal", earned, transfer)
      move(into.lot(account, "earned"), into.world, earned)
    },
    WithdrawalVoided: ({ transfer }) => void withdrawals.delete(transfer),
    FraudConfirmed: ({ account }, read) => {
      const of = held(accounts, account)
      const amount = of.vesting
      of.claimed = 0n
      expectPost(read, "clawback", amount, account)
      move(into.lot(account, "vesting"), into.pool, amount)
      const audit = read.next("Audit")
      ensure(
        audit.subject === account && BigInt(audit.quantity) === amount,
        "clawback",
        () => audit,
      )
    },
    ModelListed: ({ model, inputPricePerMtok, outputPricePerMtok }) => {
      models.set(model, {
        id: model,
        inputPrice: inputPricePerMtok,
        outputPrice: outputPricePerMtok,
      })
    },
    NodeRegistered: ({ node: id, account }) => {
      nodes.set(id, {
        id,
        account,
        isOnline: true,
        isSupervised: false,
        lastBeat: 0,
        reduction: 0,
        reductionAt: 0,
        seats: [],
      })
      const left = inheritances.get(rootOf(account))
      if (left === undefined) return
      const node = held(nodes, id)
      node.reduction = left.reduction
      node.reductionAt = left.reductionAt
      node.seats = left.seats.filter((seat) => isRecent(seat.leftAt)).map((seat) => ({ ...seat }))
    },
    HeartbeatReceived: ({ node: id }, read) => {
      const node = held(nodes, id)
      node.isSupervised = true
      node.lastBeat = clock.now
      if (!node.isOnline) returnNode(node, read)
    },
    NodeLost: ({ node }) => loseNode(held(nodes, node)),
    NodeReturned: ({ node: id }, read) => {
      const node = held(nodes, id)
      node.lastBeat = clock.now
      returnNode(node, read)
    },
    NodeRemoved: ({ node: id }) => {
      const node = held(nodes, id)
      for (const instance of instances.values()) {
        if (instance.node !== id) continue
        leaveSeat(node, instance)
        instances.delete(instance.id)
      }
      bequeath(rootOf(node.account), { ...node, seats: node.seats.filter((one) => !isHeld(one)) })
      nodes.delete(id)
    },
    InstanceStarted: (event, read) => {
      const node = held(nodes, event.node)
      const instance: NaiveInstance = {
        id: event.instance,
        node: event.node,
        account: node.account,
        model: event.model,
        ownPrice: undefined,
        pricedAt: [],
        slots: event.slots,
        tokensPerSecond: event.tokensPerSecond,
        measured: undefined,
        models: 0,
        measureUntil: 0,
        inFlight: new Set(),
        isAvailable: true,
        isDraining: false,
        isStopping: false,
        isSuspended: false,
        breaker: makeNaiveBreaker(),
        isBelowFloor: false,
        streams: [],
        backpressureUntil: 0,
        debtLeast: 0,
        debtMost: 0,
        debtAt: 0,
        drainLeast: Infinity,
        drainMost: 0,
        onlineMicros: 0,
        successes: 0,
        probe: undefined,
        probes: 0,
        probeAfter: 0,
        wantsSince: Infinity,
        probeRequest: undefined,
        outcomes: [],
        doubt: undefined,
        suspicions: 0,
        suspicionAccount: -1,
        answers: 0,
        refusals: 0,
      }
      instances.set(event.instance, instance)
      serveModel(instance, event, read)
      takeSeat(node, instance, event.isPlatformAsked)
    },
    ModelSwitched: (event, read) => {
      const instance = held(instances, event.instance)
      const hadLeft = instance.isDraining
      instance.isDraining = false
      serveModel(instance, event, read)
      if (hadLeft) return takeSeat(nodeOf(instance), instance, event.isPlatformAsked)
      for (const seat of nodeOf(instance).seats)
        if (seat.holder === instance.id) seat.model = event.model
      if (!event.isPlatformAsked) reduce(nodeOf(instance))
    },
    // No model is specialised in these lives.
    AccuracyMeasured: () => undefined,
    QualityAudited: () => undefined,
    CapacityMeasured: ({ instance: id, slots, tokensPerSecond }) => {
      const instance = held(instances, id)
      noteDrain(instance)
      instance.measured = { slots, tokensPerSecond }
    },
    PriceSet: ({ instance: id, outputPricePerMtok }, read) => {
      const instance = held(instances, id)
      if (instance.ownPrice === outputPricePerMtok) return
      instance.ownPrice = outputPricePerMtok
      instance.pricedAt.push(clock.now)
      lookAgain(instance)
      takeAsked(read)
    },
    AvailabilityChanged: ({ instance: id, isAvailable }, read) => {
      const instance = held(instances, id)
      instance.isAvailable = isAvailable
      lookAgain(instance)
      takeAsked(read)
    },
    InstanceDrained: ({ instance }) => drain(held(instances, instance)),
    InstanceStopped: ({ instance: id }) => {
      const instance = held(instances, id)
      drain(instance)
      if (instance.inFlight.size === 0) instances.delete(id)
      instance.isStopping = true
    },
    CredentialReplaced: ({ instance: id }, read) => {
      const instance = held(instances, id)
      instance.isSuspended = false
      lookAgain(instance)
      takeAsked(read)
    },
    RequestArrived: (event, read, _, choice) => {
      clock.lastRequest = event.request
      const model = held(models, event.model)
      const inputPrice = inputPriceOf(model)
      const account = held(accounts, event.account)
      const refuse = (reason: string): void => {
        const refusal = read.next("Refuse")
        ensure(
          refusal.reason === reason && refusal.request === event.request,
          reason,
          () => refusal,
        )
      }
      const offers = [...instances.values()].filter((one) => one.model === event.model)
      const leastPrice = hostsSetPrices
        ? Math.min(...(offers.length === 0 ? [0] : offers.map(askOf)))
        : model.outputPrice
      if (event.maxPricePerMtok !== undefined && leastPrice > event.maxPricePerMtok)
        return refuse("PriceTooHigh")
      const free = freeOf(account)
      const budget = free.gift + free.bought + free.earned
      if (priceOf(event.inputTokens, inputPrice, event.maxTokens, leastPrice) > budget)
        return refuse("InsufficientCredits")
      if (choice === undefined) throw new Error("the choice is made before the event")
      if (!expectChoice(choice, read.peek())) {
        return refuse(offers.length > 0 ? "NoCapacity" : "NoInstance")
      }
      const first = read.peek()
      const outputPrice = askOf(held(instances, first?._tag === "Dispatch" ? first.instance : -1))
      const worst = priceOf(event.inputTokens, inputPrice, event.maxTokens, outputPrice)
      const gift = least(worst, free.gift)
      const bought = least(worst - gift, free.bought)
      const request: NaiveRequest = {
        id: event.request,
        account: event.account,
        model: event.model,
        inputTokens: event.inputTokens,
        maxTokens: event.maxTokens,
        inputPrice,
        outputPrice,
        hold: { account: event.account, gift, bought, earned: worst - gift - bought },
        attempt: 0,
        instance: -1,
        trips: 0,
        tried: [],
        accusations: [],
      }
      requests.set(event.request, request)
      dispatch(request, read.next("Dispatch"))
    },
    AttemptEnded: (event, read, healthOf) => {
      const request = held(requests, event.request)
      const instance = held(instances, request.instance)
      const { outcome, outputTokens } = event
      instance.inFlight.delete(request.id)
      owe(instance, outputTokens)
      const isDelivered = outputTokens > 0 || (outcome === "completed" && request.maxTokens === 0)
      judge(request, instance, outcome, isDelivered, read)
      if (outcome === "credentialRefused" && blame.minWitnesses > 1) {
        instance.doubt ??= "token"
        takeAsked(read, instance)
      } else heed(instance, event, read)
      const excess = event.reportedTokens - outputTokens
      if (outcome !== "gatewayFault" && excess > economy.metering.toleranceTokens) {
        countFailure(instance, request.account, false)
        expectAudit(read, instance, "OverReported", excess)
      }
      measureFloor(instance, event)
      if (isDelivered) {
        settleBlame(request, true, read)
        settle(request, event, instance, read)
      } else if (!isRetried(request, outcome, read, healthOf)) {
        requests.delete(request.id)
        settleBlame(request, false, read)
        if (retried.has(outcome)) {
          const refusal = read.next("Refuse")
          ensure(
            refusal.reason === "AttemptFailed" && refusal.request === request.id,
            "4: a call that failed is refused",
            () => refusal,
          )
        } else {
          const { _tag, ...finish } = read.next("Finish")
          ensure(
            JSON.stringify(finish) ===
              JSON.stringify({
                request: request.id,
                instance: instance.id,
                outcome,
                outputTokens: 0,
                charge: 0,
                fee: 0,
                share: 0,
                withheld: 0,
                bounty: 0,
              }),
            "4: nothing delivered, nothing charged",
            () => finish,
          )
        }
      }
      if (instance.isStopping && instance.inFlight.size === 0) instances.delete(instance.id)
    },
    ProbeEnded: (event, read) => {
      const instance = held(instances, event.instance)
      const purpose = instance.probe?.purpose
      const isFailure = failures.has(event.outcome)
      const isSuccess = event.outcome === "completed"
      instance.probe = undefined
      count(instance, isSuccess || isFailure ? "probes" : "neutrals")
      if (isSuccess) count(instance, "goodProbes")
      heed(instance, event, read)
      if (purpose === "breaker") {
        if (isSuccess) readmit(instance)
        else if (isFailure) parkAgain(instance, read)
        else instance.probeAfter = clock.now + micros(breakerKnobs.probeRetrySeconds)
      } else if (purpose === "doubt") {
        if (isFailure) {
          const confirmed = Math.min(instance.suspicions, breakerKnobs.threshold)
          for (let i = 0; i < confirmed; i++) count(instance, "failures")
          parkAgain(instance, read)
          instance.suspicions = 0
        } else if (isSuccess && instance.doubt === "failures") {
          readmit(instance)
          instance.suspicions = 0
        } else if (isSuccess) instance.doubt = undefined
        const pause = isSuccess ? breakerKnobs.cooldownSeconds : breakerKnobs.probeRetrySeconds
        if (!isFailure) instance.probeAfter = clock.now + micros(pause)
      } else {
        const rate =
          event.decodeMicros === 0
            ? Infinity
            : ((event.outputTokens - 1) * second) / event.decodeMicros
        const isMeasured = isSuccess && event.outputTokens >= floor.minStreamTokens
        if (isMeasured && rate >= floor.readmitTokensPerSecond) {
          instance.isBelowFloor = false
          instance.streams = []
        } else instance.probeAfter = clock.now + micros(floor.probeSeconds)
      }
      lookAgain(instance)
      takeAsked(read, instance)
    },
  }

  /** What an answer asks for beside its verdict. */
  const heed = (
    instance: NaiveInstance,
    event: EventOf<"AttemptEnded"> | EventOf<"ProbeEnded">,
    read: Reader,
  ): void => {
    const { retryAfterSeconds, maxRetryAfterSeconds } = economy.backpressure
    if (event.outcome === "backpressure") {
      const asked = Math.min(event.retryAfterMicros, micros(maxRetryAfterSeconds))
      const pause = event.retryAfterMicros === 0 ? micros(retryAfterSeconds) : asked
      instance.backpressureUntil = clock.now + pause
    }
    if (event.outcome === "credentialRefused") {
      instance.isSuspended = true
      expectAudit(read, instance, "CredentialRefused", 1)
    }
  }

  const expectAudit = (
    read: Reader,
    instance: NaiveInstance,
    finding: string,
    quantity: number,
  ): void => {
    const audit = read.next("Audit")
    ensure(
      audit.subject === instance.id && audit.finding === finding && audit.quantity === quantity,
      `an audit of ${finding}`,
      () => audit,
    )
  }

  const { blame } = economy
  /** In place of an account, where it is beyond doubt that the host has failed. */
  const nobodys = -1

  const isFailureHere = (outcome: Outcome): boolean =>
    failures.has(outcome) || (outcome === "backpressure" && economy.backpressure.isFailure)

  /** What an outcome says of its instance: neutral ones say nothing (invariant 12). */
  const judge = (
    request: NaiveRequest,
    instance: NaiveInstance,
    outcome: Outcome,
    isDelivered: boolean,
    read: Reader,
  ): void => {
    const isFailure = isFailureHere(outcome)
    const isSuccess = outcome === "completed"
    if (isSuccess) partyOf(request.account).served++
    if (failures.has(outcome)) noteFailed(request.account, instance)
    const isOpenQuestion =
      !isDelivered &&
      ((isFailure && blame.excuseShared && outcome !== "connectFailed") ||
        (outcome === "consumerError" && blame.secondOpinion) ||
        (outcome === "credentialRefused" && blame.minWitnesses > 1))
    if (isOpenQuestion)
      request.accusations.push({ instance: instance.id, outcome, trips: request.trips })
    else if (isFailure) countFailure(instance, request.account, outcome === "notServed")
    else count(instance, isSuccess ? "successes" : "neutrals")
    if (isSuccess || isFailure || isOpenQuestion) instance.answers++
    if (isSuccess) {
      // The ramp's drain before the success that raises it.
      noteDrain(instance)
      instance.successes++
    }
    const { breaker } = instance
    if (request.trips !== breaker.trips) return
    if (breaker.mode === "closed") {
      if (isFailure || isSuccess)
        tellBreaker(instance, request, isFailure, outcome === "notServed", read)
      return
    }
    if (breaker.mode !== "halfOpen" || instance.probeRequest?.request !== request.id) return
    instance.probeRequest = undefined
    if (isSuccess) readmit(instance)
    else if (isFailure) parkAgain(instance, read)
  }

  const tellBreaker = (
    instance: NaiveInstance,
    request: NaiveRequest,
    isFailure: boolean,
    isCertain: boolean,
    read: Reader,
  ): void => {
    const { breaker } = instance
    const account = isCertain ? nobodys : request.account
    const outcome = { at: clock.now, isFailure, account, request: request.id }
    if (!noteWhileClosed(breaker, breakerKnobs, outcome)) return
    const credible = breaker.failures
      .map((one) => one.account)
      .filter((one) => one >= 0)
      .filter((one) => isCredible(one, instance))
    const isSeenByTwo = credible.some((one) => !isOneParty(one, credible[0] ?? one))
    const isSure = breaker.failures.some((one) => one.account === nobodys)
    const isClean = breaker.failures.every((one) => one.account !== nobody)
    if (blame.minWitnesses === 1 || (isClean && (isSure || isSeenByTwo))) park(instance, read)
    else {
      instance.doubt = "failures"
      takeAsked(read, instance)
    }
  }

  const partyOf = (account: number) => held(accounts, rootOf(account))

  const noteFailed = (account: number, instance: NaiveInstance): void => {
    const party = partyOf(account)
    const operator = rootOf(instance.account)
    party.failed++
    if (party.failedMore === 0) party.failedWith = operator
    party.failedMore += party.failedWith === operator ? 1 : -1
  }

  /** Have the account's calls been served, and failed hardly anywhere but with this operator? */
  const isCredible = (account: number, instance: NaiveInstance): boolean => {
    const { served, failed, failedWith, failedMore } = partyOf(account)
    const elsewhere = failed - (failedWith === rootOf(instance.account) ? failedMore : 0)
    return served > 0 && 4 * (elsewhere - 1) <= served + failed
  }

  const joinWitnesses = (kept: number, roots: ReadonlyArray<number>): void => {
    const joined = roots.find((root) => root !== kept)
    if (joined === undefined) return
    const [one, other] = [held(accounts, kept), held(accounts, joined)]
    one.served += other.served
    one.failed += other.failed
    other.served = 0
    other.failed = 0
    one.failedMore = 0
    other.failedMore = 0
    for (const account of accounts.values())
      if (account.failedWith === joined) account.failedWith = kept
  }

  const readmit = (instance: NaiveInstance): void => {
    closeNaively(instance.breaker)
    instance.doubt = undefined
  }

  const parkAgain = (instance: NaiveInstance, read: Reader): void => {
    forgetNaively(instance.breaker)
    park(instance, read)
  }

  /** Invariant: one party's failures count only together with as many of others. */
  const countFailure = (instance: NaiveInstance, account: number, isCertain: boolean): void => {
    if (blame.minWitnesses === 1 || isCertain) return count(instance, "failures")
    if (!isCredible(account, instance)) return count(instance, "neutrals")
    const isSame = instance.suspicions === 0 || isOneParty(instance.suspicionAccount, account)
    if (!isSame) {
      instance.suspicions--
      count(instance, "failures")
      count(instance, "failures")
      return
    }
    if (instance.suspicions === 0) instance.suspicionAccount = account
    instance.suspicions++
  }

  const accusedOf = (request: NaiveRequest) =>
    request.accusations.flatMap((one) => {
      const instance = instances.get(one.instance)
      return instance === undefined ? [] : [{ ...one, of: instance }]
    })

  /** Have hosts of two operators called the request wrong? */
  const isAgreedWrong = (request: NaiveRequest): boolean => {
    const [first, ...others] = accusedOf(request).filter((one) => one.outcome === "consumerError")
    return first !== undefined && others.some(({ of }) => !isOneParty(of.account, first.of.account))
  }

  /** The request is over: what it had against the instances it tried is settled. */
  const settleBlame = (request: NaiveRequest, isDelivered: boolean, read: Reader): void => {
    const all = accusedOf(request)
    const isAgreed = !isDelivered && isAgreedWrong(request)
    for (const { of, outcome, trips } of all) {
      const isWord = outcome === "consumerError" || outcome === "credentialRefused"
      const isRefusal = outcome === "consumerError"
      const isAlike = all.some((other) => other.outcome === outcome && other.of.node !== of.node)
      const isExcused = !isDelivered && (isAgreed || (isAlike && !isRefusal))
      const isOutstanding = isRefusal && !isExcused && standsOut(of)
      const isUnsaid = !isDelivered && !isExcused && isWord && !isOutstanding
      const isCertain = outcome === "notServed" || (isDelivered && isOutstanding)
      if (isExcused || isUnsaid) count(of, "neutrals")
      else {
        if (isWord) noteFailed(request.account, of)
        countFailure(of, request.account, isCertain)
      }
      if (isExcused && disownNaively(of.breaker, request.id)) unpark(of, read)
      if (isExcused || isUnsaid || !isWord) continue
      if (of.breaker.mode === "closed" && of.breaker.trips === trips)
        tellBreaker(of, request, true, isCertain, read)
    }
    for (const { of } of all) {
      lookAgain(of)
      takeAsked(read, of)
    }
  }

  /** One of the failures that parked it was nobody's: a probe is to tell. */
  const unpark = (instance: NaiveInstance, read: Reader): void => {
    const { breaker, probe } = instance
    if (breaker.mode === "closed") return
    breaker.mode = "closed"
    instance.probeRequest = undefined
    if (probe?.purpose === "breaker") instance.probe = undefined
    instance.doubt = "failures"
    takeAsked(read, instance)
  }

  /** A refusal that nobody confirmed: is it one of many more than its peers'? */
  const standsOut = (instance: NaiveInstance): boolean => {
    if (blame.refusalDeviations === 0) return false
    instance.refusals++
    const peers = [...instances.values()].filter(
      (one) => one.model === instance.model && !isOneParty(one.account, instance.account),
    )
    const rates = peers
      .filter((peer) => peer.answers >= 8)
      .map((peer) => (peer.refusals + 1) / (peer.answers + 2))
    if (rates.length === 0 || instance.refusals < 3) return false
    const rate = Math.min(1, Math.max(...rates))
    const expected = rate * instance.answers
    const deviation = Math.sqrt(expected * (1 - rate))
    return instance.refusals - expected > blame.refusalDeviations * deviation
  }

  const measureFloor = (instance: NaiveInstance, event: EventOf<"AttemptEnded">): void => {
    if (event.outputTokens < floor.minStreamTokens || event.outcome === "gatewayFault") return
    const isSlow =
      event.decodeMicros > 0 &&
      ((event.outputTokens - 1) * 1000 * second) / event.decodeMicros < floor.tokensPerSecond * 1000
    instance.streams.push({ at: clock.now, isSlow })
    const seen = instance.streams
      .slice(-Math.max(floor.maxSamples, floor.minSamples))
      .filter(({ at }) => clock.now - at <= micros(floor.windowSeconds))
    const slow = seen.filter((one) => one.isSlow).length
    if (!isSlow || instance.isBelowFloor) return
    if (seen.length < floor.minSamples || 2 * slow <= seen.length) return
    instance.isBelowFloor = true
    instance.probeAfter = clock.now + micros(floor.probeSeconds)
  }

  const isRetried = (
    request: NaiveRequest,
    outcome: Outcome,
    read: Reader,
    healthOf: Health,
  ): boolean => {
    const isWorthATry =
      outcome === "consumerError"
        ? blame.secondOpinion && !isAgreedWrong(request)
        : retried.has(outcome)
    if (!isWorthATry || request.tried.length > economy.routing.maxRetries) return false
    const { gift, bought, earned } = request.hold
    const isAffordable = isWithin(
      request,
      request.inputPrice,
      hostsSetPrices ? request.outputPrice : Infinity,
      hostsSetPrices ? gift + bought + earned : mostMoney,
    )
    const choice = choicesFor(request.model, request.tried, healthOf, isAffordable)
    if (!expectChoice(choice, read.peek())) return false
    request.attempt++
    dispatch(request, read.next("Dispatch"))
    if (hostsSetPrices) request.outputPrice = askOf(held(instances, request.instance))
    return true
  }

  /** Lets the clock run to `now`, through which no timer was due. */
  const runTo = (now: number): void => {
    const elapsed = now - clock.now
    clock.now = now
    if (elapsed === 0) return
    for (const instance of instances.values())
      if (isOnline(instance)) {
        noteDrain(instance)
        instance.onlineMicros += elapsed
      }
  }

  let turnedAt = 0

  /** One firing of the timers that are due at exactly `now`. */
  const fire = (now: number, commands: ReadonlyArray<Command>): void => {
    runTo(now)
    const read = reader(commands)
    for (const instance of instances.values()) lookAgain(instance)
    takeAsked(read)
    expectNoWait()
    for (const node of nodes.values()) {
      if (!node.isOnline || !node.isSupervised) continue
      const due =
        node.lastBeat +
        micros(economy.liveness.heartbeatSeconds * economy.liveness.missedHeartbeats)
      if (now < due) continue
      ensure(
        commands.some((one) => one._tag === "FailOver" && one.node === node.id),
        "fail over",
        () => node,
      )
      read.next("FailOver")
      loseNode(node)
    }
    // A timer may fire twice at one instant; an hour turns once.
    if (now % hour === 0 && now > turnedAt) {
      turnedAt = now
      turnHour(read, true)
    }
    read.end()
  }

  /** The gateway is back at `now`, and was away since the latest event. */
  const resume = (now: number, commands: ReadonlyArray<Command>): void => {
    const read = reader(commands)
    if (now > clock.now) {
      while (turnedAt + hour <= now) {
        turnedAt += hour
        runTo(turnedAt)
        turnHour(read, false)
      }
      runTo(now)
      for (const node of nodes.values()) if (node.isOnline) node.lastBeat = now
      for (const instance of instances.values()) {
        if (instance.probe !== undefined) instance.probeAfter = now
        instance.probe = undefined
        instance.measureUntil = 0
        lookAgain(instance)
      }
      takeAsked(read)
    }
    read.end()
    expectNoWait()
  }

  const turnHour = (read: Reader, isOpen: boolean): void => {
    for (const instance of instances.values()) {
      instance.answers = Math.floor(instance.answers / 2)
      instance.refusals = Math.floor(instance.refusals / 2)
    }
    for (const account of accounts.values()) {
      account.served = Math.floor(account.served / 2)
      account.failed = Math.floor(account.failed / 2)
      account.failedMore = Math.floor(account.failedMore / 2)
    }
    const before = system.pool
    const claims = [...accounts.values()].reduce((sum, one) => sum + one.claimed, 0n)
    let paid = 0n
    const paidTo = new Map<number, bigint>()
    for (let next = read.peek(); next?._tag === "Post"; next = read.peek()) {
      if (next.kind !== "bounty" && next.kind !== "vestingBounty") break
      const { kind, amount, reference } = read.next("Post")
      const lot = kind === "bounty" ? "earned" : "vesting"
      move(into.pool, into.lot(reference, lot), BigInt(amount))
      paid += BigInt(amount)
      paidTo.set(reference, (paidTo.get(reference) ?? 0n) + BigInt(amount))
    }
    ensure(
      paid === least(before, claims),
      "7: bounties are paid in full, or the pool is emptied",
      () => ({
        paid,
        before,
        claims,
      }),
    )
    for (const account of accounts.values()) {
      const got = paidTo.get(account.id) ?? 0n
      // Two parts (at once and vesting), each within a minor unit of its quota.
      const excess = got * claims - account.claimed * paid
      const isFair =
        paid === claims ? got === account.claimed : excess <= 2n * claims && -excess <= 2n * claims
      ensure(isFair, "7: bounties are prorated by claim", () => ({ account, got, paid, claims }))
      account.claimed = 0n
    }
    while (isOpen && read.peek()?._tag === "Announce") {
      const { multiplierHundredths } = read.next("Announce")
      const most = Math.round(economy.bounty.maxMultiplier * 100)
      ensure(
        multiplierHundredths >= 100 && multiplierHundredths <= most,
        "9: a multiplier within its bounds",
        () => multiplierHundredths,
      )
    }
    const isDay = clock.now % (24 * hour) === 0
    for (let next = read.peek(); isDay && next?._tag === "Post"; next = read.peek()) {
      if (next.kind !== "vested") break
      const { amount, reference } = read.next("Post")
      move(into.lot(reference, "vesting"), into.lot(reference, "earned"), BigInt(amount))
    }
  }

  /** What the selection rule may choose, as it stands before an event that asks for a choice. */
  const choiceFor = (event: MarketEvent, healthOf: Health): Choice | undefined => {
    if (event._tag !== "RequestArrived") return undefined
    const { gift, bought, earned } = freeOf(held(accounts, event.account))
    const inputPrice = inputPriceOf(held(models, event.model))
    const most = event.maxPricePerMtok ?? Infinity
    const isAffordable = isWithin(event, inputPrice, most, gift + bought + earned)
    return choicesFor(event.model, [], healthOf, isAffordable)
  }

  /** One legal event and the commands that it gave. */
  const take = (event: MarketEvent, commands: ReadonlyArray<Command>, healthOf: Health): void => {
    if (event._tag === "TimerFired") return fire(event.at, commands)
    if (event._tag === "GatewayResumed") return resume(event.at, commands)
    runTo(event.at)
    const read = reader(commands)
    const choice = choiceFor(event, healthOf)
    if (isAboutHours(event._tag)) throw new Error("what is about hours is rejected")
    const effect = effects[event._tag] as (
      event: MarketEvent,
      read: Reader,
      healthOf: Health,
      choice: Choice | undefined,
    ) => void
    effect(event, read, healthOf, choice)
    read.end()
    expectNoWait()
  }

  /** Outcomes of one kind within the window. */
  const countOf = (instance: NaiveInstance, what: string): number => {
    const from = Math.floor(clock.now / hour) - economy.health.windowHours
    return instance.outcomes.filter((one) => one.what === what && one.hour > from).length
  }

  return {
    economy,
    clock,
    accounts,
    nodes,
    instances,
    models,
    requests,
    withdrawals,
    transfers,
    system,
    pool,
    isLegal,
    take,
    heldOf,
    freeOf,
    reasonsOf,
    rampAt,
    reductionOf,
    countOf,
  }
}
