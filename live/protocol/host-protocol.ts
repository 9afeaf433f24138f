/**
 * The host protocol on the wire: what hosts and operators send and what they are answered. One
 * source for the gateway's validation, its OpenAPI document and the types of the agent.
 *
 * The way of a job: `POST /hosts/next-job` hands it out with (job_id, attempt, epoch) and a lease.
 * The host opens `POST /hosts/jobs/:id/stream?attempt=…&epoch=…` at once, before its first token, and
 * writes one OpenAI chunk a line. When the consumer leaves, that request is answered early, with
 * status 499: stop generating. While there is nothing to write, an empty line is a sign of life. In the
 * end the host calls `/complete` or `/fail`, which count only from whoever holds the job in this very
 * attempt and epoch; sent twice, they are answered alike.
 *
 * Who it is, a host says twice: by its key, and by `host_id`. A host that there is not is answered 404
 * whatever the key, and has to register again; a 401 says only that the key does not open the door.
 */
import { Schema } from "effect"
import type { Outcome } from "../../engine/index.ts"
import { outcomes } from "../../engine/index.ts"
import { BalanceView, EarningsHour, GiftPay } from "./money.ts"
import {
  between,
  Credits,
  Cursor,
  described,
  lineOfText,
  listOf,
  optional,
  pageOf,
  prices,
  queryCount,
  text,
  UnixSeconds,
  whole,
} from "../http/fields.ts"
import { HostHealth, Monitoring } from "./figures-protocol.ts"
import { HostBooking } from "./hours-protocol.ts"
import { proxiesPage } from "./upload-way.ts"

const mostSlots = 1024
const mostTokensPerSecond = 1_000_000
const modelName = text(200)
const maxModels = 64

const Slots = whole(1, mostSlots)
const TokensPerSecond = whole(1, mostTokensPerSecond)

/** A number, or a decimal as text, that no binary fraction makes another of. */
const PricePerToken = Schema.Union(between(0, 1_000_000), text(40))
const asking =
  "Where hosts set prices: what it asks for an output token, credits as a decimal of three digits at most"

/** A model that a host serves, as its operator declares it. */
const OfferedModel = Schema.Struct({
  model: described(modelName, "The market's name of the model; GET /v1/models lists them"),
  upstream_model: optional(modelName, "What the host's own server calls it; default: the same"),
  slots: optional(Slots, "Calls that the host serves at once; default: the host's"),
  tokens_per_second: optional(TokensPerSecond, "Output of all slots together; default: the host's"),
  price_per_token: optional(PricePerToken, `${asking}; default: the host's`),
})

/** It travels in a header. */
const Secret = text(8192).pipe(Schema.pattern(/^[\x21-\x7e]+$/))
const Hardware = Schema.Record({ key: Schema.String, value: Schema.Unknown })

export const Registration = Schema.Struct({
  name: optional(lineOfText(100), "For people"),
  registration_id: optional(
    text(100),
    "The client's own id of this registration. Sent again by the same account, it is answered with the same host (200) and no second key",
  ),
  account_id: optional(text(100), "Whose host it is; with an admin key only"),
  delivery: optional(
    Schema.Literal("pull", "push", "cloud"),
    "pull (default): the host polls for jobs. push: the gateway calls its endpoint. cloud: the same, with a provider's token",
  ),
  endpoint: optional(text(2000), "OpenAI-compatible base URL, such as https://gpu.example/v1"),
  token: optional(
    Secret,
    "The provider's token (cloud), of printable ASCII without blanks; kept encrypted, never shown again",
  ),
  models: described(
    Schema.Array(Schema.Union(modelName, OfferedModel)).pipe(
      Schema.minItems(1),
      Schema.maxItems(maxModels),
    ),
    "What the host serves: names, or objects that say more",
  ),
  slots: optional(Slots, "Calls at once for models that name none; default 1"),
  tokens_per_second: optional(TokensPerSecond, "Likewise; default 30"),
  price_per_token: optional(
    PricePerToken,
    `${asking}; default: what the platform lists. Where the platform sets the prices it is noted and has no effect`,
  ),
  gpu: optional(lineOfText(200), "Name of the device, for display"),
  backend: optional(lineOfText(100), "Kind of server behind the host, for display"),
  hardware: optional(Hardware, "Anything else the machine says of itself, for display"),
})
export type Registration = typeof Registration.Type

const JobIds = Schema.Array(text(100)).pipe(Schema.maxItems(4096))
const SessionName = text(100)

export const Heartbeat = Schema.Struct({
  gpu_utilization: optional(between(0, 1), "Share of the device in use"),
  memory_used_mib: optional(between(0, 1e9), "Device memory in use, MiB"),
  memory_total_mib: optional(between(0, 1e9), "Device memory, MiB"),
  temperature_celsius: optional(between(-100, 1000), "Hottest device, °C"),
  power_watts: optional(between(0, 1e6), "All devices together, W"),
  jobs: optional(JobIds, "Ids of the jobs that the host is working on"),
  is_draining: optional(
    Schema.Boolean,
    "true: no new jobs from now on; false: jobs again; absent: as it is. With a `session`, for that one alone: the host drains where all its sessions do",
  ),
  session: optional(
    SessionName,
    "Made up by an agent at its start: several may serve for one host at once",
  ),
  held_back: optional(
    JobIds,
    "Ids of jobs whose tokens the host has sent, and of which the gateway has seen nothing: a proxy between holds uploads back",
  ),
  health: optional(HostHealth, "What its checks found, where the answers ask for any"),
})
export type Heartbeat = typeof Heartbeat.Type

/** Which handing-out of a job a host speaks of. */
const claim = {
  attempt: described(whole(0, 1_000_000), "As it came with the job"),
  epoch: described(whole(1, 1_000_000), "As it came with the job"),
}

/** Values of a query are text. */
const digits = (most: number) => Schema.String.pipe(Schema.pattern(new RegExp(`^\\d{1,${most}}$`)))

/** A key that the gateway does not know names no host; an agent wants to know whether there is one. */
const claimant = {
  host_id: optional(
    text(100),
    "Whose work it is. Where there is no such host, the answer is 404 whatever the key",
  ),
}

export const PollQuery = Schema.Struct({
  wait_seconds: optional(digits(4), "Longest wait; default and most: the gateway's poll_seconds"),
  session: optional(SessionName, "As in heartbeats"),
  ...claimant,
})
export type PollQuery = typeof PollQuery.Type

export const EndQuery = Schema.Struct(claimant)
export type EndQuery = typeof EndQuery.Type

export const StreamQuery = Schema.Struct({
  ...claimant,
  attempt: described(digits(7), "As it came with the job"),
  epoch: described(digits(7), "As it came with the job"),
})
export type StreamQuery = typeof StreamQuery.Type

export const hostLimit = queryCount("At most so many", 1000, 100)
export const HostListQuery = Schema.Struct({
  model: optional(modelName, "Only hosts that serve it"),
  standing: optional(
    Schema.Literal("good", "troubled"),
    "Only hosts of which every model gets calls, or only the others",
  ),
  limit: hostLimit.field,
  cursor: Cursor,
})
export type HostListQuery = typeof HostListQuery.Type

export const HostPath = Schema.Struct({ id: described(text(100), "host_id") })
export type HostPath = typeof HostPath.Type
export const JobPath = Schema.Struct({ id: described(text(100), "job_id") })
export type JobPath = typeof JobPath.Type

const Tokens = whole(0, 100_000_000)

export const Completion = Schema.Struct({
  ...claim,
  usage: optional(
    Schema.Struct({
      prompt_tokens: optional(Tokens, "Tokens of the prompt"),
      completion_tokens: optional(Tokens, "Tokens generated"),
      total_tokens: optional(Tokens, "Both together"),
    }),
    "What the host counted",
  ),
  response: optional(
    Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    "The whole answer; for embeddings only, where nothing was streamed",
  ),
})
export type Completion = typeof Completion.Type

/** Outcomes that are the gateway's to find; a host may report the others. */
const foundByGateway = ["completed", "consumerGone", "gatewayFault"] as const
type FoundByGateway = (typeof foundByGateway)[number]
export type HostFailure = Exclude<Outcome, FoundByGateway>
export const isHostFailure = (outcome: Outcome): outcome is HostFailure =>
  !foundByGateway.includes(outcome as FoundByGateway)

export const Failure = Schema.Struct({
  ...claim,
  outcome: optional(
    Schema.Literal(...outcomes.filter(isHostFailure)),
    "What went wrong; default upstreamError. consumerError: the call itself is at fault, with the status that says how; qualityFailed: the host will not hand in what came of it; notServed: the model is not there",
  ),
  status: optional(whole(100, 599), "HTTP status of the model server, where it answered"),
  message: optional(text(2000), "To the consumer for a consumerError, otherwise to the log"),
  retry_after_seconds: optional(between(0, 86_400), "With backpressure: when to try again"),
  usage: optional(
    Schema.Struct({ completion_tokens: optional(Tokens, "Tokens generated before it failed") }),
    "What the host counted",
  ),
})
export type Failure = typeof Failure.Type

export const ModelChange = Schema.Struct({
  action: Schema.Literal("add", "remove", "switch"),
  model: described(modelName, "Which model to add or remove, or to switch from"),
  to: optional(modelName, "Which model to switch to"),
  upstream_model: optional(modelName, "What the host's own server calls the new model"),
  slots: optional(Slots, "Of the new model; default: as before, or 1"),
  tokens_per_second: optional(TokensPerSecond, "Likewise; default: as before, or 30"),
  price_per_token: optional(PricePerToken, `${asking}, of the new model; default: the host's`),
})
export type ModelChange = typeof ModelChange.Type

export const PriceChange = Schema.Struct({
  price_per_token: described(
    PricePerToken,
    "What it asks for an output token from now on, credits as a decimal of three digits at most",
  ),
  model: optional(modelName, "For this model alone; default: for all of the host's"),
})
export type PriceChange = typeof PriceChange.Type

export const RatesQuery = Schema.Struct({ model: optional(modelName, "Only this model") })
export type RatesQuery = typeof RatesQuery.Type

const Rate = described(Schema.String, "Credits per output token, as a decimal")
/** What hosts that are heard of ask for a model. */
export const ModelRates = Schema.Struct({
  model: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  hosts: described(Schema.Int, "So many hosts ask a price for it"),
  min: Rate,
  lower_quartile: Rate,
  median: Rate,
  upper_quartile: Rate,
  max: Rate,
})
export type ModelRates = typeof ModelRates.Type
export const MarketRates = listOf(ModelRates)

export const TokenReplacement = Schema.Struct({
  token: optional(Secret, "The provider's new token (cloud), of printable ASCII without blanks"),
})
export type TokenReplacement = typeof TokenReplacement.Type

export const HostStatus = described(
  Schema.Literal("active", "inactive", "draining", "leaving"),
  "inactive: not heard of; draining: no new jobs; leaving: removed once its jobs have ended",
)
export type HostStatus = typeof HostStatus.Type

/** One model on one host, as anyone may see it. */
export const ServedModel = Schema.Struct({
  model: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  ...prices,
  reason: described(Schema.String, "Eligible, or why it gets no calls now"),
  breaker: Schema.Literal("closed", "open", "halfOpen"),
  slots: described(Schema.Int, "Calls at once that are declared, or measured where that is less"),
  capacity: described(Schema.Int, "Of these, as many as its ramp-up allows now"),
  in_flight: Schema.Int,
  tokens_per_second: Schema.Number,
  health: described(Schema.Number, "0 to 1, over 14 days"),
  bounty_multiplier: described(Schema.Number, "On what its operator earns now"),
  jobs_completed: Schema.Int,
})
export type ServedModel = typeof ServedModel.Type

/** A host, as anyone may see it: no address, no owner, no secret. */
export const PublicHost = Schema.Struct({
  host_id: Schema.String,
  name: Schema.String,
  delivery: Schema.Literal("pull", "push", "cloud"),
  status: HostStatus,
  gpu: Schema.NullOr(Schema.String),
  load: described(Schema.Number, "Calls under way by capacity, 0 to 1"),
  in_flight: Schema.Int,
  total_jobs_completed: Schema.Int,
  models: Schema.Array(ServedModel),
  created_at: UnixSeconds,
})
export type PublicHost = typeof PublicHost.Type

export const HostPage = pageOf(PublicHost)

/** What only its operator sees of a host. */
const ownFields = {
  endpoint: Schema.NullOr(Schema.String),
  has_token: Schema.Boolean,
  backend: Schema.NullOr(Schema.String),
  hardware: Hardware,
  last_heartbeat: described(
    Schema.NullOr(
      Schema.Struct({
        seconds_ago: Schema.Number,
        gpu_utilization: Schema.NullOr(Schema.Number),
        memory_used_mib: Schema.NullOr(Schema.Number),
        memory_total_mib: Schema.NullOr(Schema.Number),
        temperature_celsius: Schema.NullOr(Schema.Number),
        power_watts: Schema.NullOr(Schema.Number),
      }),
    ),
    "null: none since the gateway began",
  ),
  sessions: described(
    Schema.Array(
      Schema.Struct({
        session: described(Schema.String, "Empty: an agent that names none"),
        seconds_ago: Schema.Number,
        is_draining: Schema.Boolean,
      }),
    ),
    "The agents that serve for it, by what was heard of them of late",
  ),
  uploads: described(
    Schema.Literal("unknown", "flowing", "heldBack"),
    `heldBack: its tokens arrive in one go, so a proxy between keeps them until they are whole; see ${proxiesPage}`,
  ),
  waiting_jobs: described(Schema.Int, "Jobs that wait for it to poll"),
  open_jobs: described(Schema.Int, "Jobs that it was handed and has not ended"),
}

export const OwnHost = Schema.Struct({ ...PublicHost.fields, ...ownFields })
export type OwnHost = typeof OwnHost.Type

/** A host as whoever asks may see it. */
export const HostSeen = Schema.extend(
  PublicHost,
  Schema.partialWith(Schema.Struct(ownFields), { exact: true }),
)

export const Registered = Schema.Struct({
  host_id: Schema.String,
  api_key: described(
    Schema.NullOr(Schema.String),
    "hk_live_…, shown this once; null where the host was registered before: POST /hosts/:id/key replaces a lost key",
  ),
  heartbeat_interval_seconds: Schema.Number,
  lease_seconds: described(Schema.Number, "A job shows a sign of life within this, or is lost"),
  poll_seconds: described(Schema.Number, "How long a poll waits"),
  pricing: Schema.Struct({
    set_by: Schema.Literal("platform", "host"),
    fee_bps: described(Schema.Int, "The platform's part of each call, 1/100 %"),
    asked_price_per_token: Schema.NullOr(PricePerToken),
    message: Schema.String,
  }),
  host: OwnHost,
})
export type Registered = typeof Registered.Type

export const HeartbeatAnswer = Schema.Struct({
  status: HostStatus,
  heartbeat_interval_seconds: Schema.Number,
  lease_seconds: Schema.Number,
  poll_seconds: Schema.Number,
  jobs: described(
    Schema.Array(
      Schema.Struct({
        job_id: Schema.String,
        attempt: Schema.Int,
        epoch: Schema.Int,
        phase: described(
          Schema.Literal("handed", "uploading", "uploaded"),
          "As the gateway sees it. handed: its upload has not opened here; where it has at the host, a proxy between holds it back",
        ),
        chunks: described(Schema.Int, "What has come of it so far"),
      }),
    ),
    "Every job that the host should be working on",
  ),
  stop: described(
    Schema.Array(Schema.String),
    "Of the jobs that it named, those that are over: stop them",
  ),
  bookings: optional(
    Schema.Array(HostBooking),
    "Of a host that sells hours: whom it is to give access to, or to end it for, until it is told no more",
  ),
  monitoring: optional(
    Monitoring,
    "Of a host that sells hours: what it is to look at; absent: nothing",
  ),
})
export type HeartbeatAnswer = typeof HeartbeatAnswer.Type

export const HandedJob = Schema.Struct({
  job_id: Schema.String,
  attempt: Schema.Int,
  epoch: Schema.Int,
  lease_seconds: Schema.Number,
  timeout_seconds: optional(Schema.Number, "What the call may take in all, s"),
  kind: Schema.Literal("chat", "completion", "embedding"),
  model: described(Schema.String, "The market's name of the model; `body.model` is the host's"),
  body: described(Hardware, "The call, as for the OpenAI API; chats and completions stream"),
  input_tokens: described(Schema.Int, "As the gateway counts the prompt"),
  max_tokens: Schema.Int,
})
export type HandedJob = typeof HandedJob.Type

export const JobAnswer = Schema.Struct({
  job_id: Schema.String,
  status: Schema.Literal("received", "completed", "failed"),
})
export type JobAnswer = typeof JobAnswer.Type

export const Earnings = Schema.Struct({
  host_id: Schema.String,
  from: UnixSeconds,
  until: UnixSeconds,
  hours: Schema.Array(
    Schema.Struct({
      at: described(Schema.Int, "Start of the hour, Unix time, s"),
      jobs: Schema.Int,
      output_tokens: Schema.Int,
      gross: Credits,
      fee: Credits,
      withheld: described(Schema.String, "By the reduction after a model switch, credits"),
      earned: Credits,
      gift: GiftPay,
      bounty_claimed: described(
        Schema.String,
        "Credits; paid at the turn of the hour as far as the pool reaches",
      ),
    }),
  ),
  total: Schema.Struct({
    jobs: Schema.Int,
    output_tokens: Schema.Int,
    earned: Credits,
    gift: GiftPay,
  }),
  account: described(
    Schema.Struct({
      balance: BalanceView,
      bounties: Schema.Array(EarningsHour),
    }),
    "The whole account, all its hosts together: its lots, and its bounties by hour",
  ),
})
export type Earnings = typeof Earnings.Type

export const Removal = Schema.Struct({
  host_id: Schema.String,
  status: described(
    Schema.Literal("removed", "leaving"),
    "leaving: it is gone once its open jobs have ended",
  ),
})
export type Removal = typeof Removal.Type

export const NewKey = Schema.Struct({
  host_id: Schema.String,
  api_key: described(Schema.String, "hk_live_…, shown this once; the keys before it end now"),
})
export type NewKey = typeof NewKey.Type

export const Rotated = Schema.Struct({
  rewrapped: described(Schema.Int, "Tokens that the new master key wraps now"),
  broken: described(Schema.Array(Schema.String), "Hosts whose tokens do not open any more"),
})
export type Rotated = typeof Rotated.Type

export const DrainAnswer = Schema.Struct({
  host_id: Schema.String,
  status: HostStatus,
  in_flight: Schema.Int,
})
export type DrainAnswer = typeof DrainAnswer.Type

/** Why a poll brought no job: `model=Reason` for each model, comma-separated. */
export const skipHeader = "x-evenkeel-skip"
/** Status of an upload that the gateway ends because nobody wants its tokens any more. */
export const statusWithdrawn = 499
export { streamContentType } from "../http/server/body-budget.ts"
