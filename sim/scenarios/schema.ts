/**
 * A scenario: one market to simulate, as an economist writes it down. Everything that is not the
 * economy's own rules stands here: who offers what, who asks for what, what goes wrong, and how long
 * and how often it is run.
 *
 * Names end in their unit. Money is credits unless a name says otherwise. Defaults are those of the
 * scenario that all others extend, base.yaml, which is written from here.
 */
import { Schema } from "effect"
import { Economy, Settings } from "../../engine/index.ts"
import { consumerKindNames } from "../agents/consumer-kinds.ts"
import { strategyNames } from "../agents/strategies/catalogue.ts"
import { DeviceProfile } from "../fleet/device-profile.ts"
import { models } from "../fleet/models.ts"
import { Batches } from "./batch-settings.ts"
import { Hours } from "./hours-settings.ts"
import { Party } from "./party.ts"
import { priceFields } from "./price-settings.ts"
import { patience, Subscription } from "./tier-settings.ts"

const { allowing, factor, nonNegative, number, oneOf, positive } = Settings
const { setting, share, shareAbove0, wholeBetween, withDefault } = Settings

/** A credit a token, and far below the largest price that the kernel can hold at any scale. */
const price = number(
  "a price",
  { least: 0, most: 1e6 },
  "a price of 0 to 1000000 credits per million tokens",
)

/** A text; a whole number stands for its digits, so that 7 and "7" are one seed. */
const seed = allowing(
  Schema.transform(
    Schema.Union(Schema.String, Schema.Number.pipe(Schema.filter(Number.isSafeInteger))),
    Schema.String,
    { strict: true, decode: String, encode: (text) => text },
  ),
  "a text or a whole number",
)

const modelName = oneOf(...models.map(({ name }) => name))

const OfferedModel = Schema.Struct({
  name: setting(modelName, { meaning: "A model of the catalogue." }),
  quantisation: setting(oneOf("q4", "f16"), { meaning: "How its weights are stored." }),
  inputPricePerMtok: setting(price, { meaning: "What a million input tokens cost." }),
  outputPricePerMtok: setting(price, { meaning: "What a million output tokens cost." }),
  worthPerMtok: withDefault(Schema.NullOr(price), {
    default: null,
    meaning:
      "What a million output tokens are worth to the median consumer who looks at prices; null: not known, and the model is called at any price.",
  }),
  inputWorthPerMtok: withDefault(price, {
    default: 0,
    meaning: "What a million input tokens are worth to it beside them, where that is known.",
  }),
  accuracy: withDefault(Schema.NullOr(share), {
    default: null,
    meaning:
      "It is specialised: who serves it has to be so accurate, and it costs what the economy adds for that; null: it is not.",
    source: "003: accuracy_requirement 0.95",
  }),
  popularity: setting(nonNegative("weight"), {
    meaning: "Weight of the model among the requests.",
  }),
  initialSupply: setting(nonNegative("weight"), {
    meaning: "Weight of the model among the nodes that are there at the start.",
  }),
})

const Sizes = Schema.Struct({
  kind: setting(oneOf("azure-conversation", "log-normal"), {
    default: "log-normal",
    meaning:
      "azure-conversation: fitted to the Azure trace of 2023; log-normal: the medians and the spread.",
  }),
  medianInputTokens: setting(positive("tokens"), {
    default: 800,
    meaning: "Median length of a prompt.",
  }),
  medianOutputTokens: setting(positive("tokens"), {
    default: 400,
    meaning: "Median length of an answer.",
  }),
  spread: setting(nonNegative("log-tokens"), {
    default: 0.9,
    meaning: "Standard deviation of the logarithm: 1 spreads two thirds over a factor of 7.",
  }),
  maxInputTokens: setting(wholeBetween("tokens", 1, 1_000_000), {
    default: 16_000,
    meaning: "Longest prompt.",
  }),
  maxOutputTokens: setting(wholeBetween("tokens", 1, 1_000_000), {
    default: 4000,
    meaning: "Longest answer.",
  }),
}).annotations({ description: "How long prompts and answers are." })

const FlashCrowd = Schema.Struct({
  atHours: setting(nonNegative("hours"), { meaning: "When the crowd comes." }),
  durationHours: setting(positive("hours"), { meaning: "How long it stays." }),
  multiplier: setting(positive("times the usual demand"), {
    meaning: "How many times the usual demand there is meanwhile.",
  }),
  model: Schema.optionalWith(
    setting(modelName, { meaning: "The model that the crowd wants; absent: all of them." }),
    { exact: true },
  ),
})

/** What the stamps of a trace may count. */
export const timeUnits = ["seconds", "milliseconds", "microseconds", "nanoseconds"] as const

const Trace = Schema.Struct({
  path: setting(Schema.NonEmptyString, {
    meaning:
      "The file, from where Evenkeel runs; CSV or JSON lines, compressed with gzip or not: the layouts of Azure, BurstGPT, Mooncake and Qwen-Bailian.",
  }),
  timeUnit: withDefault(Schema.NullOr(oneOf(...timeUnits)), {
    default: null,
    meaning:
      "What its stamps count; null: told by the layout, or by the size of stamps that count from 1970. Where neither tells, it must be given.",
  }),
  fromSeconds: withDefault(nonNegative("seconds"), {
    default: 0,
    meaning: "The window's start, in seconds from the first request as recorded.",
  }),
  untilSeconds: withDefault(Schema.NullOr(positive("seconds")), {
    default: null,
    meaning: "The window's end, likewise; null: the end of the trace.",
  }),
  share: withDefault(shareAbove0, {
    default: 1,
    meaning: "Part of the requests that is replayed, drawn anew in each replication.",
  }),
  speed: withDefault(positive("times the recorded speed"), {
    default: 1,
    meaning: "2: twice as fast as recorded.",
  }),
  jitterSeconds: withDefault(number("a number of seconds", { least: 0, most: 86_400 }), {
    default: 0,
    meaning: "By how much arrivals are moved at random.",
  }),
})

const Demand = Schema.Struct({
  requestsPerSecond: setting(nonNegative("requests per second"), {
    default: 1,
    meaning: "Mean rate at the start, before the daily and weekly shape.",
  }),
  arrivals: setting(oneOf("poisson", "gamma", "mmpp"), {
    default: "poisson",
    meaning:
      "The process of arrivals: without memory, with gaps as burstiness says, or switching between calm and busy.",
  }),
  burstiness: setting(positive("coefficient of variation"), {
    default: 1,
    meaning: "Coefficient of variation of the gaps between arrivals, for gamma.",
  }),
  growthPerDay: setting(number("a share a day", { above: -1 }, "a share a day, above -1"), {
    default: 0,
    meaning: "By how much the rate grows or shrinks.",
  }),
  daily: setting(share, { default: 0, meaning: "The shape of the day: 0 flat, 1 as assumed." }),
  weekly: setting(share, { default: 0, meaning: "The shape of the week: 0 flat, 1 as assumed." }),
  flashCrowds: setting(Schema.Array(FlashCrowd), {
    default: [],
    meaning: "Times of more demand than usual.",
  }),
  sizes: Sizes,
  maxTokensHeadroom: setting(
    number("a multiple", { least: 1, most: 1000 }, "a multiple of 1 or more"),
    {
      default: 2,
      meaning: "A request asks for up to so many output tokens, as a multiple of what it will use.",
    },
  ),
  abortShare: setting(share, {
    default: 0,
    meaning: "Part of the requests whose consumer leaves before the end.",
  }),
  badInputShare: setting(share, {
    default: 0,
    meaning: "Part of the requests that are wrong in themselves (a 4xx).",
  }),
  batches: Batches,
  trace: setting(Schema.NullOr(Trace), {
    default: null,
    meaning:
      "Replays a trace in place of the generator. The horizon is the trace's own; horizonDays and what else only the generator reads stay at their defaults.",
  }),
}).annotations({ description: "What is asked for, and when." })

const Consumers = Schema.Struct({
  count: setting(wholeBetween("consumers", 1, 1_000_000), {
    default: 300,
    meaning: "Consumers at the start.",
  }),
  signUpsPerDay: setting(nonNegative("consumers a day"), {
    default: 0,
    meaning: "Consumers who come later.",
  }),
  budgetCreditsPerDay: setting(nonNegative("credits a day"), {
    default: 500,
    meaning: "Budget of the median consumer; budgets are log-normal with the spread.",
  }),
  spread: setting(nonNegative("log-credits"), {
    default: 1,
    meaning: "Standard deviation of the logarithm of budgets.",
  }),
  topUpCredits: setting(number("a number of credits", { above: 0, most: 1e6 }), {
    default: 250,
    meaning: "What a consumer who lacks credits buys at once.",
  }),
  operatorShare: setting(share, {
    default: 0,
    meaning: "Part of the requests that operators make, paid from what they earn.",
  }),
  kinds: setting(
    Schema.Array(
      Schema.Struct({
        kind: setting(oneOf(...consumerKindNames), { meaning: "How they behave." }),
        weight: setting(nonNegative("weight"), { meaning: "Weight among the consumers." }),
      }),
    ),
    { default: [], meaning: "What they are like, by weight; where none is given: steady." },
  ),
  tiers: setting(Schema.Array(Subscription), {
    default: [],
    meaning: "Who subscribes to a tier; the others' calls are of none.",
  }),
  patienceSeconds: setting(patience, {
    default: null,
    meaning:
      "Those of no tier leave when a call has waited for so long; null: they wait until it is refused.",
  }),
  maxPrice: setting(oneOf("worth", "none"), {
    default: "worth",
    meaning:
      "Where hosts set prices, the highest that a call accepts: what it is worth to its consumer, or none, so that whoever is drawn may ask anything.",
  }),
  maxRetries: setting(wholeBetween("retries", 0, 8), {
    default: 2,
    meaning: "How often a refused consumer comes back.",
  }),
  retrySeconds: setting(positive("seconds"), {
    default: 5,
    meaning: "How long until it first does; twice as long each time.",
  }),
}).annotations({ description: "Who asks." })

const speedFactor = factor(0.01, 100)

const Fleet = Schema.Struct({
  nodes: setting(wholeBetween("nodes", 1, 200_000), {
    default: 50,
    meaning: "Nodes at the start.",
  }),
  devices: setting(
    Schema.NonEmptyArray(
      Schema.Struct({
        device: setting(Schema.String, {
          meaning: "A device of the catalogue, or of the profiles, by name.",
        }),
        weight: setting(nonNegative("weight"), { meaning: "Weight among the nodes." }),
      }),
    ),
    { default: [{ device: "RTX 4090", weight: 1 }], meaning: "What the nodes are, by weight." },
  ),
  profiles: setting(Schema.Array(DeviceProfile), {
    default: [],
    meaning:
      "Measured devices. In a file or a --set, an entry may be the path of one; see evenkeel calibrate.",
  }),
  decodeFactor: setting(speedFactor, {
    default: 1,
    meaning: "How many times as fast as modelled every device decodes.",
  }),
  prefillFactor: setting(speedFactor, {
    default: 1,
    meaning: "How many times as fast as modelled every device reads prompts.",
  }),
  maxSlots: setting(wholeBetween("slots", 1, 1024), {
    default: 4,
    meaning: "A node offers at most so many slots, however much its memory could hold.",
  }),
  contextTokens: setting(wholeBetween("tokens", 1, 1_000_000), {
    default: 4096,
    meaning: "Context that a slot is planned for.",
  }),
  establishedShare: setting(share, {
    default: 1,
    meaning: "Part of the first nodes that have been there for establishedDays when demand begins.",
  }),
  establishedDays: setting(nonNegative("days"), {
    default: 21,
    meaning: "How long established nodes have been there.",
  }),
  farmShare: setting(share, {
    default: 0,
    meaning: "Part of the operators that run several nodes.",
  }),
  farmNodes: setting(wholeBetween("nodes", 1, 10_000), {
    default: 1,
    meaning: "How many nodes these run.",
  }),
}).annotations({ description: "Who serves, and on what." })

const Churn = Schema.Struct({
  joinsPerDay: setting(nonNegative("nodes a day"), {
    default: 0,
    meaning: "People who consider joining; they do where it pays.",
  }),
  lifetimeDays: setting(nonNegative("days"), {
    default: 0,
    meaning: "Median of a heavy-tailed lifetime; 0: nobody leaves on account of age.",
  }),
  lifetimeSpread: setting(nonNegative("log-days"), {
    default: 1,
    meaning: "Log-normal spread of lifetimes.",
  }),
  onlineHours: setting(nonNegative("hours"), {
    default: 0,
    meaning:
      "Mean time that a consumer machine is on the market before it is taken for other uses; 0: never taken.",
  }),
  awayHours: setting(nonNegative("hours"), {
    default: 0,
    meaning: "Mean time that it is away then.",
  }),
}).annotations({ description: "Nodes that come and go." })

const Faults = Schema.Struct({
  crashesPerNodeDay: setting(nonNegative("crashes a node and day"), {
    default: 0,
    meaning: "Crashes; each ends every attempt on the node.",
  }),
  repairMinutes: setting(positive("minutes"), {
    default: 30,
    meaning: "Mean time until a crashed node is back.",
  }),
  hiccupsPerNodeDay: setting(nonNegative("hiccups a node and day"), {
    default: 0,
    meaning: "Short times in which a node fails everything.",
  }),
  hiccupSeconds: setting(positive("seconds"), {
    default: 20,
    meaning: "Mean length of such a time.",
  }),
  failureShare: setting(share, {
    default: 0,
    meaning: "Part of the attempts that fail on a healthy node.",
  }),
  slowShare: setting(share, { default: 0, meaning: "Part of the nodes that are slow." }),
  slowSpeed: setting(shareAbove0, {
    default: 0.25,
    meaning: "Part of its speed that a slow node reaches.",
  }),
}).annotations({ description: "What goes wrong." })

const Operators = Schema.Struct({
  decisionHours: setting(nonNegative("hours"), {
    default: 0,
    meaning:
      "How often an operator decides whose strategy goes by the clock, and those who make up their mind at revisions where it is above 0; 0: nobody decides anything.",
  }),
  temperatureCreditsPerDay: setting(positive("credits a day"), {
    default: 500,
    meaning: "Logit temperature: profit a day that makes a choice e times as likely.",
  }),
  revisionsPerDay: setting(positive("revisions a day"), {
    default: 1,
    meaning:
      "How often, at random times, an operator who seeks profit makes up its mind anew about staying, switching or leaving.",
  }),
  memoryDays: setting(positive("days"), {
    default: 3,
    meaning: "Time in which the weight of what it has earned falls by the factor e.",
  }),
  outlookDays: setting(positive("days"), {
    default: 730,
    meaning:
      "How far ahead it looks when it thinks of the ramp: the life of a machine in the market.",
  }),
  discountPerYear: setting(nonNegative("a year"), {
    default: 0.1,
    meaning: "At what rate what is far off counts for less.",
  }),
  outsideRentShare: setting(share, {
    default: 0,
    meaning:
      "Part of the catalogue's rent that an owner could have for the machine elsewhere, less its electricity; 0: it would stand idle.",
  }),
  creditUsd: setting(positive("US dollars a credit"), {
    default: 0.001,
    meaning: "What a credit is worth.",
  }),
  electricityUsdPerKwh: setting(nonNegative("US dollars per kWh"), {
    default: 0.25,
    meaning: "Price of electricity.",
  }),
  idlePowerShare: setting(share, {
    default: 0.2,
    meaning:
      "Part of its full power that a machine draws while it waits for work; what it draws grows with its busy slots from there.",
  }),
  overDeclareShare: setting(share, {
    default: 0,
    meaning: "Part of the operators that declare more than they have.",
  }),
  overDeclareFactor: setting(factor(1, 1000), {
    default: 1,
    meaning: "By what factor these do.",
  }),
  chaserShare: setting(share, {
    default: 0,
    meaning: "Part of the operators that go wherever the bounty is highest.",
  }),
  strategies: setting(
    Schema.Array(
      Schema.Struct({
        strategy: setting(oneOf(...strategyNames), { meaning: "How they decide." }),
        weight: setting(nonNegative("weight"), { meaning: "Weight among the other operators." }),
      }),
    ),
    {
      default: [],
      meaning: "What the others go by, by weight; where none is given they seek profit.",
    },
  ),
  prices: setting(
    Schema.Array(
      Schema.Struct({
        ...priceFields,
        weight: setting(nonNegative("weight"), { meaning: "Weight among the operators." }),
      }),
    ),
    {
      default: [],
      meaning:
        "Where hosts set prices: how they do, by weight, each time that they decide; where none is given they ask what the platform lists.",
    },
  ),
}).annotations({ description: "How operators decide, and what they pay." })

/** Ten years, and a little. */
export const mostDays = 3660

/** A party has an entry of its own in the event queue. */
export const maxParties = 16

export const Scenario = Schema.Struct({
  name: setting(Schema.NonEmptyString, {
    default: "base",
    meaning: "What results and folders are called by.",
  }),
  title: setting(Schema.String, {
    default: "A calm market with nothing special about it",
    meaning: "What the scenario shows, in one sentence.",
  }),
  about: setting(Schema.String, {
    default: "",
    meaning: "What there is to see in it, in a few sentences, for its report.",
  }),
  seed: setting(seed, {
    default: "1",
    meaning: "What every draw follows from: the same seed gives the same digest.",
  }),
  horizonDays: setting(number("a number of days", { above: 0, most: mostDays }), {
    default: 7,
    meaning: "How long a replication lasts.",
  }),
  replications: setting(wholeBetween("replications", 1, 100_000), {
    default: 8,
    meaning: "Independent repetitions; intervals need at least 2.",
  }),
  warmupDays: setting(Schema.NullOr(nonNegative("days")), {
    default: null,
    meaning:
      "Cut from the front of every replication, half of it at most; null: a quarter of the horizon.",
  }),
  economy: Economy,
  models: setting(Schema.NonEmptyArray(OfferedModel), {
    default: [
      {
        name: "llama-3-8b",
        quantisation: "q4",
        inputPricePerMtok: 30,
        outputPricePerMtok: 60,
        worthPerMtok: 120,
        inputWorthPerMtok: 60,
        accuracy: null,
        popularity: 1,
        initialSupply: 1,
      },
    ],
    meaning: "What is offered, each model once.",
  }),
  demand: Demand,
  consumers: Consumers,
  fleet: Fleet,
  churn: Churn,
  faults: Faults,
  operators: Operators,
  hours: Hours,
  parties: setting(
    Schema.Array(Party).pipe(
      Schema.maxItems(maxParties, { message: () => `expected ${maxParties} parties at most` }),
    ),
    {
      default: [],
      meaning: "Those who are put into the market on purpose, and watched.",
    },
  ),
})
export type Scenario = typeof Scenario.Type
