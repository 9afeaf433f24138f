/**
 * A scenario: one market to simulate, as an economist writes it down. Everything that is not the
 * economy's own rules stands here: who offers what, who asks for what, what goes wrong, and how long
 * and how often it is run.
 *
 * Names end in their unit. Money is credits unless a name says otherwise.
 */
import { Schema } from "effect"
import { Economy } from "../../engine/index.ts"
import { consumerKindNames } from "../agents/consumer-kinds.ts"
import { strategyNames } from "../agents/strategies/catalogue.ts"
import { DeviceProfile } from "../fleet/device-profile.ts"
import { models } from "../fleet/models.ts"
import { Party } from "./party.ts"
import {
  above0,
  atLeast0,
  factor,
  growth,
  oneOf,
  price,
  quantity,
  share,
  shareAbove0,
  whole,
  withDefault,
} from "../settings/quantities.ts"

/** A text; a whole number stands for its digits, so that 7 and "7" are one seed. */
const seed = Schema.transform(
  Schema.Union(Schema.String, Schema.Number.pipe(Schema.filter(Number.isSafeInteger))),
  Schema.String,
  { strict: true, decode: String, encode: (text) => text },
).annotations({
  message: (issue) => ({
    message: `expected a text or a whole number, got ${JSON.stringify(issue.actual)}`,
    override: true,
  }),
})

const modelName = oneOf(models.map(({ name }) => name))

const OfferedModel = Schema.Struct({
  /** A model of the catalogue (sim/fleet/models.ts). */
  name: modelName,
  quantisation: oneOf(["q4", "f16"]),
  inputPricePerMtok: price,
  outputPricePerMtok: price,
  /** What a million output tokens are worth to the median consumer; null: twice their price. */
  worthPerMtok: withDefault(Schema.NullOr(price), () => null),
  /** Weight of the model among the requests. */
  popularity: atLeast0("weight"),
  /** Weight of the model among the nodes that are there at the start. */
  initialSupply: atLeast0("weight"),
})

const Sizes = Schema.Struct({
  /** `azure-conversation`: fitted to the Azure trace of 2023; `log-normal`: the four numbers. */
  kind: oneOf(["azure-conversation", "log-normal"]),
  medianInputTokens: above0("tokens"),
  medianOutputTokens: above0("tokens"),
  /** Standard deviation of the logarithm: 1 spreads two thirds over a factor of 7. */
  spread: atLeast0("log-tokens"),
  maxInputTokens: whole("tokens", 1, 1_000_000),
  maxOutputTokens: whole("tokens", 1, 1_000_000),
})

const FlashCrowd = Schema.Struct({
  atHours: atLeast0("hours"),
  durationHours: above0("hours"),
  multiplier: above0("times the usual demand"),
  /** The model that the crowd wants; absent: all of them. */
  model: Schema.optionalWith(modelName, { exact: true }),
})

const Demand = Schema.Struct({
  /** Mean rate at the start, before the daily and weekly shape. */
  requestsPerSecond: atLeast0("requests per second"),
  arrivals: oneOf(["poisson", "gamma", "mmpp"]),
  /** Coefficient of variation of the gaps between arrivals, for `gamma`. */
  burstiness: above0("coefficient of variation"),
  growthPerDay: growth,
  /** Daily and weekly shape: 0 flat, 1 as measured. */
  daily: share,
  weekly: share,
  flashCrowds: Schema.Array(FlashCrowd),
  sizes: Sizes,
  /** A request asks for up to so many output tokens, as a multiple of what it will use. */
  maxTokensHeadroom: quantity("a multiple of 1 or more", (value) => value >= 1 && value <= 1000),
  /** Part of the requests whose consumer leaves before the end. */
  abortShare: share,
  /** Part of the requests that are wrong in themselves (a 4xx). */
  badInputShare: share,
  /** Replays a trace in place of the generator: Azure CSV or Mooncake JSONL. */
  trace: Schema.NullOr(
    Schema.Struct({
      path: Schema.NonEmptyString,
      /** 2: twice as fast as recorded. */
      speed: above0("times the recorded speed"),
      jitterSeconds: atLeast0("seconds"),
    }),
  ),
})

const Consumers = Schema.Struct({
  count: whole("consumers", 1, 1_000_000),
  signUpsPerDay: atLeast0("consumers a day"),
  /** Budget of the median consumer; budgets are log-normal with `spread`. */
  budgetCreditsPerDay: atLeast0("credits a day"),
  spread: atLeast0("log-credits"),
  topUpCredits: quantity(
    "a number of credits above 0, to 1000000",
    (value) => value > 0 && value <= 1e6,
  ),
  /** Part of the requests that operators make, paid from what they earn. */
  operatorShare: share,
  /** What they are like, by weight (sim/agents/consumer-kinds.ts); where none is given: steady. */
  kinds: Schema.Array(
    Schema.Struct({ kind: oneOf(consumerKindNames), weight: atLeast0("weight") }),
  ),
  maxRetries: whole("retries", 0, 8),
  retrySeconds: above0("seconds"),
})

const speedFactor = factor(0.01, 100)

const Fleet = Schema.Struct({
  nodes: whole("nodes", 1, 200_000),
  /** Devices of the catalogue (sim/fleet/devices.ts), or of `profiles`, by name. */
  devices: Schema.NonEmptyArray(
    Schema.Struct({ device: Schema.String, weight: atLeast0("weight") }),
  ),
  /** Measured devices. In a file or a `--set`, an entry may be the path of one; see `evenkeel calibrate`. */
  profiles: Schema.Array(DeviceProfile),
  /** How many times as fast as modelled every device decodes, and reads prompts. */
  decodeFactor: speedFactor,
  prefillFactor: speedFactor,
  /** A node offers at most so many slots, however much its memory could hold. */
  maxSlots: whole("slots", 1, 1024),
  /** Context that a slot is planned for. */
  contextTokens: whole("tokens", 1, 1_000_000),
  /** Part of the first nodes that have been there for `establishedDays` when demand begins. */
  establishedShare: share,
  establishedDays: atLeast0("days"),
  /** Part of the operators that run several nodes, and how many. */
  farmShare: share,
  farmNodes: whole("nodes", 1, 10_000),
})

const Churn = Schema.Struct({
  /** People who consider joining; they do where it pays. */
  joinsPerDay: atLeast0("nodes a day"),
  /** Median of a heavy-tailed lifetime; 0: nobody leaves on account of age. */
  lifetimeDays: atLeast0("days"),
  /** Log-normal spread of lifetimes. */
  lifetimeSpread: atLeast0("log-days"),
  /** Consumer machines are taken for other uses: mean time on the market and away from it. */
  onlineHours: atLeast0("hours"),
  awayHours: atLeast0("hours"),
})

const Faults = Schema.Struct({
  crashesPerNodeDay: atLeast0("crashes a node and day"),
  repairMinutes: above0("minutes"),
  hiccupsPerNodeDay: atLeast0("hiccups a node and day"),
  hiccupSeconds: above0("seconds"),
  /** Part of the attempts that fail on a healthy node. */
  failureShare: share,
  /** Part of the nodes that are slow, and the speed they reach. */
  slowShare: share,
  slowSpeed: shareAbove0,
})

const Operators = Schema.Struct({
  /** How often an operator thinks about staying, switching or leaving; 0: never. */
  decisionHours: atLeast0("hours"),
  /** Logit temperature: profit a day that makes a choice e times as likely. */
  temperatureCreditsPerDay: above0("credits a day"),
  creditUsd: above0("US dollars a credit"),
  electricityUsdPerKwh: atLeast0("US dollars per kWh"),
  /** Part of the operators that declare more than they have, and by what factor. */
  overDeclareShare: share,
  overDeclareFactor: factor(1, 1000),
  /** Part of the operators that go wherever the bounty is highest. */
  chaserShare: share,
  /** What the others go by, by weight; where none is given they seek profit. */
  strategies: Schema.Array(
    Schema.Struct({ strategy: oneOf(strategyNames), weight: atLeast0("weight") }),
  ),
})

/** Ten years, and a little. */
export const mostDays = 3660

/** A party has an entry of its own in the event queue. */
export const maxParties = 16

export const Scenario = Schema.Struct({
  name: Schema.NonEmptyString,
  /** What the scenario shows, in one sentence. */
  title: Schema.String,
  seed,
  horizonDays: quantity(
    `a number of days above 0, to ${mostDays}`,
    (value) => value > 0 && value <= mostDays,
  ),
  replications: whole("replications", 1, 100_000),
  /** Cut from the front of every replication, half of it at most; null: found by MSER-5. */
  warmupDays: Schema.NullOr(atLeast0("days")),
  economy: Economy,
  models: Schema.NonEmptyArray(OfferedModel),
  demand: Demand,
  consumers: Consumers,
  fleet: Fleet,
  churn: Churn,
  faults: Faults,
  operators: Operators,
  /** Those who are put into the market on purpose, and watched. */
  parties: Schema.Array(Party).pipe(
    Schema.maxItems(maxParties, { message: () => `expected ${maxParties} parties at most` }),
  ),
})
export type Scenario = typeof Scenario.Type
