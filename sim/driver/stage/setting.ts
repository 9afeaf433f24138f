/** What all actors of a replication know, and none of them changes. */
import type { Priority } from "../../../engine/index.ts"
import type { ConsumerKind } from "../../agents/consumer-kinds.ts"
import { consumerKinds } from "../../agents/consumer-kinds.ts"
import { strategies, strategyNames } from "../../agents/strategies/catalogue.ts"
import type { Strategy } from "../../agents/strategy.ts"
import type { OfferTable } from "../../fleet/offers.ts"
import { areCallsQueued, noTierName } from "../../scenarios/queue-together.ts"
import type { Scenario } from "../../scenarios/schema.ts"
import type { Extensions } from "./extensions.ts"

export interface Setting {
  readonly scenario: Scenario
  readonly seed: string
  readonly offers: OfferTable
  /** Virtual time at which demand begins; what was before only made nodes old. */
  readonly startMicros: number
  readonly endMicros: number
  /** Minor units of a credit. */
  readonly credit: number
  /** By number, as nodes hold it. */
  readonly strategies: ReadonlyArray<NamedStrategy>
  /** What operators without a strategy of their own go by, by weight. */
  readonly strategyMix: ReadonlyArray<{ readonly strategy: string; readonly weight: number }>
  /** What consumers are like, by weight; where there is none: steady. */
  readonly kindMix: ReadonlyArray<{ readonly kind: ConsumerKind; readonly weight: number }>
  /** Hosts set the prices of their tokens. */
  readonly hasHostPrices: boolean
  /** Calls cost their time. */
  readonly isByTime: boolean
  /** By place: what calls can be of, none first; what its consumers are like. */
  readonly tiers: readonly [CallTier, ...ReadonlyArray<CallTier>]
  /** Calls may wait for room. */
  readonly hasQueue: boolean
}

/** A tier that consumers subscribe to. */
export interface CallTier {
  readonly name: string
  /** Undefined: of no tier. */
  readonly priority: Priority | undefined
  /** Of its flows in the queue. */
  readonly weight: number
  /** Of the consumers. */
  readonly share: number
  readonly callsFactor: number
  readonly worthFactor: number
  /** Longest wait; Infinity: until it is refused. */
  readonly patienceMicros: number
}

export interface NamedStrategy {
  readonly name: string
  readonly strategy: Strategy
}

const builtInStrategies: ReadonlyArray<NamedStrategy> = strategyNames.map((name) => ({
  name,
  strategy: strategies[name],
}))

const hourMicros = 3_600_000_000
const dayMicros = 24 * hourMicros

export const settingOf = (
  scenario: Scenario,
  seed: string,
  offers: OfferTable,
  extensions: Extensions = {},
): Setting => {
  const { fleet, horizonDays, economy, operators, consumers } = scenario
  // Whole days, so that the kernel's hours and the recorder's bins turn together.
  const startMicros = fleet.establishedShare > 0 ? Math.ceil(fleet.establishedDays) * dayMicros : 0
  return {
    scenario,
    seed,
    offers,
    startMicros,
    endMicros: startMicros + Math.round(horizonDays * dayMicros),
    credit: 10 ** economy.money.scale,
    strategies: [...builtInStrategies, ...(extensions.strategies ?? [])],
    strategyMix:
      extensions.strategies?.map(({ name, weight }) => ({ strategy: name, weight })) ??
      operators.strategies,
    kindMix:
      extensions.consumerKinds ??
      consumers.kinds.map(({ kind, weight }) => ({ kind: consumerKinds[kind], weight })),
    hasHostPrices: economy.pricing.tokens === "host",
    isByTime: economy.pricing.tokens === "listing",
    tiers: tiersOf(scenario),
    hasQueue: areCallsQueued(scenario),
  }
}

const patienceOf = (seconds: number | null): number =>
  seconds === null ? Infinity : Math.max(1, Math.round(seconds * 1e6))

const tiersOf = ({ consumers, economy, hours }: Scenario): Setting["tiers"] => [
  {
    name: noTierName,
    priority: undefined,
    weight: economy.tiers.normal,
    share: Math.max(0, 1 - consumers.tiers.reduce((sum, { share }) => sum + share, 0)),
    callsFactor: 1,
    worthFactor: 1,
    patienceMicros: patienceOf(consumers.patienceSeconds),
  },
  ...consumers.tiers.flatMap(({ tier, patienceSeconds, ...subscription }) => {
    const offered = hours.listings.tiers.find(({ name }) => name === tier)
    return offered === undefined
      ? []
      : [
          {
            ...subscription,
            name: tier,
            priority: offered.priority,
            weight: economy.tiers[offered.priority],
            patienceMicros: patienceOf(patienceSeconds),
          },
        ]
  }),
]

/** Number of a strategy, for the nodes' table. */
export const strategyNumber = (setting: Setting, name: string): number =>
  setting.strategies.findIndex((one) => one.name === name)

/** Hour of the day on demand's own clock, 0…23. */
export const hourOfDay = ({ startMicros }: Setting, now: number): number =>
  Math.floor((now - startMicros) / hourMicros) % 24

/** How much a model costs ÷ its list price: what is specialised is dearer. */
const premiumOf = ({ scenario }: Setting, model: number): number =>
  scenario.models[model].accuracy === null ? 1 : 1 + scenario.economy.specialised.premium

/** What a million input tokens of a model cost, credits. */
export const inputPriceOf = (setting: Setting, model: number): number =>
  setting.scenario.economy.pricing.inputTokens === "free"
    ? 0
    : setting.scenario.models[model].inputPricePerMtok * premiumOf(setting, model)

/** What the platform asks for a million output tokens of a model, credits. */
export const outputPriceOf = (setting: Setting, model: number): number =>
  setting.scenario.models[model].outputPricePerMtok * premiumOf(setting, model)

/** What a call costs at the platform's prices, credits. */
export const listPriceOf = (
  setting: Setting,
  model: number,
  inputTokens: number,
  outputTokens: number,
): number =>
  (inputTokens * inputPriceOf(setting, model) + outputTokens * outputPriceOf(setting, model)) / 1e6

/** The least amount that can be withdrawn at once, minor units. */
export const leastWithdrawal = ({ scenario, credit }: Setting): number =>
  Math.round(scenario.economy.withdrawal.minimumCredits * credit)
