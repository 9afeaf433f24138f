/**
 * The live mode's configuration: every setting with default, unit and meaning. It comes from a YAML
 * file and from environment variables, which win: `EVENKEEL_TIMEOUTS_FIRST_TOKEN_SECONDS=10` sets
 * `timeouts.firstTokenSeconds`.
 */
import { Schema } from "effect"
import { Settings } from "../../engine/index.ts"
import { Timezone } from "../../schedules/index.ts"
import { isOrigin } from "./origins.ts"

const { allowedIn, number, oneOf, setting, withDefault } = Settings

/** What is wrong with a value is told by what is allowed. */
const expecting = <A, I>(schema: Schema.Schema<A, I>, allowed: string = allowedIn(schema.ast)) =>
  schema.annotations({ message: () => ({ message: `expected ${allowed}`, override: true }) })

const seconds = (value: number, meaning: string) =>
  withDefault(expecting(number("seconds", { least: 0.01, most: 86_400 })), {
    default: value,
    meaning,
    unit: "s",
  })
const count = (value: number, least: number, most: number, meaning: string, unit?: string) =>
  withDefault(expecting(number("a whole number", { isWhole: true, least, most })), {
    default: value,
    meaning,
    ...(unit === undefined ? {} : { unit }),
  })
const text = (value: string, meaning: string) =>
  withDefault(expecting(Schema.NonEmptyString, "a text"), { default: value, meaning })
const flag = (value: boolean, meaning: string) =>
  withDefault(expecting(Settings.flag), { default: value, meaning })
const list = <A, I>(entry: Schema.Schema<A, I>, value: ReadonlyArray<A>, meaning: string) =>
  withDefault(Schema.Array(entry), { default: value, meaning })
const optional = <A, I>(schema: Schema.Schema<A, I>, meaning: string) =>
  Schema.optionalWith(setting(schema, { meaning }), { exact: true })
const group = <F extends Schema.Struct.Fields>(fields: F) => {
  const struct = Schema.Struct(fields)
  return Schema.optionalWith(struct, {
    default: () =>
      Schema.decodeUnknownSync(struct as unknown as Schema.Schema<unknown>)({}) as never,
    exact: true,
  })
}

/** A model that the market lists. Prices are credits per token, as decimal strings. */
export const ListedModel = Schema.Struct({
  name: setting(Schema.NonEmptyString, { meaning: "What consumers ask for" }),
  kind: withDefault(Schema.Literal("text", "embedding"), {
    default: "text",
    meaning: "What it answers with: text or embeddings",
  }),
  contextTokens: count(8192, 1, 100_000_000, "Prompt and answer together", "tokens"),
  inputPricePerToken: setting(Schema.String, { meaning: 'Credits, such as "0.00003"' }),
  outputPricePerToken: setting(Schema.String, { meaning: 'Credits, such as "0.00006"' }),
  accuracy: optional(
    expecting(Schema.Number.pipe(Schema.between(0.0001, 1)), "above 0, at most 1"),
    "It is specialised: whoever serves it was measured to be so accurate, 0 to 1; default: anybody may",
  ),
  developerRole: optional(
    expecting(oneOf("system", "keep"), "system or keep"),
    "What hosts are sent for a message of role developer; default: system, which every template knows",
  ),
})
export type ListedModel = typeof ListedModel.Type

const Region = Schema.Struct({
  name: setting(
    expecting(
      Schema.String.pipe(Schema.pattern(/^[a-z0-9][a-z0-9-]{0,39}$/)),
      "small letters, digits and -, such as us-west",
    ),
    { meaning: "What machines and buyers call it" },
  ),
  timezone: setting(Timezone, { meaning: "The zone whose clock tells its peak hours" }),
})

export const LiveConfig = Schema.Struct({
  listen: group({
    host: text("127.0.0.1", "Address to listen on; 0.0.0.0 for every network of the machine"),
    port: count(8080, 0, 65_535, "TCP port; 0 takes a free one"),
    trustedProxies: list(
      Schema.String,
      [],
      'Networks of the proxies in front, such as "127.0.0.1" or "10.0.0.0/8": what they say of a client\'s address is believed',
    ),
    allowedOrigins: list(
      expecting(
        Schema.String.pipe(Schema.filter(isOrigin)),
        'an origin such as "https://app.example", or "*"',
      ),
      ["*"],
      'Origins of the pages that may call the routes below /v1, such as "https://app.example"; "*": any, since each call needs a key; none: []',
    ),
  }),
  publicUrl: optional(
    expecting(Schema.NonEmptyString, 'an address such as "https://gateway.example"'),
    "Absolute address under which clients reach the gateway; default: where it listens",
  ),
  /** Taken when the data directory is made; it cannot change later. */
  economy: group({
    preset: text("hardened", "An economy; taken when the data directory is made, fixed from then"),
    knobs: withDefault(Schema.Record({ key: Schema.String, value: Schema.Unknown }), {
      default: {},
      meaning:
        "Knobs on top of the preset, as `evenkeel economy show` names them; ramp.bootstrapShare is 0.25 unless set here, since in a new market everybody is new",
    }),
  }),
  models: list(
    ListedModel,
    [],
    "Models that are listed at the start, each with name, kind (text or embedding), contextTokens, inputPricePerToken, outputPricePerToken, accuracy (of who serves it, where it is specialised) and developerRole (system, or keep: as what hosts get a developer's message); an admin may list more",
  ),
  regions: list(
    Region,
    [
      { name: "default", timezone: "UTC" },
      { name: "us-west", timezone: "America/Los_Angeles" },
      { name: "us-east", timezone: "America/New_York" },
      { name: "eu-central", timezone: "Europe/Berlin" },
      { name: "ap-east", timezone: "Asia/Tokyo" },
    ],
    "Where machines that are sold by the hour may stand, each with name and timezone (IANA), whose clock tells the peak hours; the first is that of a machine that names none",
  ),
  hours: group({
    probeSeconds: seconds(
      60,
      "Between two looks at what was granted, where the economy measures delivery by probes",
    ),
    probeTimeoutSeconds: seconds(10, "For what was granted to answer such a look"),
    webhookTimeoutSeconds: seconds(10, "For a webhook to answer"),
    webhookDays: count(
      3,
      1,
      365,
      "How long a webhook that fails is tried, before it is ended",
      "d",
    ),
  }),
  batches: group({
    fileBytes: count(33_554_432, 1024, 1_073_741_824, "Largest file of a batch"),
    storedBytes: count(
      268_435_456,
      1024,
      1_099_511_627_776,
      "Files of one account together, those that batches left included",
    ),
    items: count(50_000, 1, 1_000_000, "Items of one batch"),
  }),
  accounts: group({
    isSignUpOpen: flag(true, "Whether anyone may open an account"),
    signUpsPerHour: count(20, 1, 1_000_000, "Sign-ups from one address an hour"),
  }),
  timeouts: group({
    connectSeconds: seconds(5, "To reach a host's endpoint"),
    firstTokenSeconds: seconds(
      30,
      "From dispatch to the first token, and the time that the prompt takes; a host's sign of life grants it again",
    ),
    promptTokensPerSecond: count(
      500,
      1,
      1_000_000,
      "How fast a host must read a prompt at least: the first token of a long one may come later",
      "tokens/s",
    ),
    betweenTokensSeconds: seconds(
      60,
      "Between two tokens; a host's sign of life grants it again. Some servers send a tool call only when it is whole",
    ),
    keepAliveSeconds: withDefault(expecting(number("seconds", { least: 0, most: 3600 })), {
      default: 15,
      meaning:
        "Silence after which a consumer's stream gets a comment, so that no proxy takes it for dead; 0: never. Its status is 200 from the first comment on: an error that comes later is an event",
      unit: "s",
    }),
    requestSeconds: seconds(600, "For a whole call, retries included"),
    shutdownSeconds: seconds(30, "For calls under way to finish when the gateway ends"),
  }),
  limits: group({
    bodyBytes: count(4_194_304, 1024, 1_073_741_824, "Largest body of a call"),
    bodiesBytes: count(
      268_435_456,
      1_048_576,
      1_099_511_627_776,
      "Bodies of all requests under way together; one address has a quarter of it",
    ),
    bodySeconds: seconds(60, "For a body to come in; streams of tokens apart"),
    connections: count(
      20_000,
      10,
      10_000_000,
      "Open connections, of one address a quarter of it; more are closed at once",
    ),
    jsonDepth: count(64, 8, 1024, "Deepest nesting of a body"),
    defaultMaxTokens: count(1024, 1, 1_000_000, "Longest answer where a call does not say"),
    requestsPerMinute: count(6000, 1, 100_000_000, "Calls with one key a minute"),
    requestsPerMinuteByAddress: count(12_000, 1, 100_000_000, "Requests from one address a minute"),
    openCalls: count(10_000, 1, 1_000_000, "Calls under way; more are shed with 503"),
    loopDelayMillis: count(
      500,
      0,
      60_000,
      "Lateness of the event loop beyond which requests are shed, ms; 0: never",
    ),
    journalBacklog: count(50_000, 100, 10_000_000, "Unwritten entries; beyond, calls are shed"),
  }),
  hosts: group({
    heartbeatSeconds: seconds(30, "Between two heartbeats, as the server dictates"),
    pollSeconds: seconds(25, "How long a poll for a job waits"),
    leaseSeconds: seconds(20, "Within which a job that was handed out must show a sign of life"),
    queuedJobs: count(64, 1, 10_000, "Jobs that wait for one host to poll"),
    allowedNetworks: list(
      Schema.String,
      [],
      'Private networks that endpoints may be in, such as "10.0.0.0/8"',
    ),
  }),
  log: group({
    level: withDefault(
      expecting(
        oneOf("debug", "info", "warn", "error", "silent"),
        "debug, info, warn, error or silent",
      ),
      { default: "info", meaning: "What is logged, as JSON lines on stderr" },
    ),
    requests: flag(false, "Whether every request is logged, with route, status and time"),
  }),
  store: group({
    snapshotEntries: count(50_000, 100, 10_000_000, "Journal entries between two snapshots"),
    checkedFirstMib: count(
      64,
      0,
      1_000_000,
      "Up to this size the whole data directory is checked before the gateway listens; a larger one while it runs",
    ),
  }),
})
export type LiveConfig = typeof LiveConfig.Type

export const defaultConfig: LiveConfig = Schema.decodeUnknownSync(LiveConfig)({})
