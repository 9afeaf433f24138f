/**
 * The market's figures for Prometheus, in a registry of their own. Where OpenTelemetry's semantic
 * conventions for generative AI name a figure, it has that name.
 *
 * Every label has a bounded set of values, whatever clients send: models are those that the market
 * lists (beyond 200, and whatever is not listed, is "other"), error types the first 50 that came.
 * On the path of a request figures are plain counters; they become text when somebody looks.
 */
import type { FastifyPluginAsync } from "fastify"
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client"
import type { Command, ModelId, Outcome, Refusal } from "../../engine/index.ts"
import {
  bountyPoolOf,
  breakerStateOf,
  countOpenRequests,
  marketView,
  outcomes,
  reasonCountsOf,
  refusals,
  standingsOf,
} from "../../engine/index.ts"
import type { JobKind } from "../protocol/delivery.ts"
import { forWholeServer } from "../http/whole-server.ts"
import type { LiveServices } from "../directory/services.ts"

/** A call of a consumer that is over, as its gateway measured it. */
export interface CallMeasure {
  readonly kind: JobKind
  /** As the consumer named it. */
  readonly model: string
  readonly durationSeconds: number
  /** Code of the error that the consumer got; absent: it got its whole answer. */
  readonly errorType?: string
  readonly inputTokens: number
  readonly outputTokens: number
  /** Absent: no token came. */
  readonly timeToFirstTokenSeconds?: number
  /** Mean over the tokens after the first; absent: there were fewer than two. */
  readonly timePerOutputTokenSeconds?: number
}

export interface MarketMetrics {
  readonly registry: Registry
  readonly callEnded: (measure: CallMeasure) => void
  /** Measures every HTTP request. Register it on the server itself, before the routes. */
  readonly httpPlugin: FastifyPluginAsync
}

const operations: Readonly<Record<JobKind, string>> = {
  chat: "chat",
  completion: "text_completion",
  embedding: "embeddings",
}

/** As the conventions advise. */
const durationBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
]
const firstTokenBuckets = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
const perTokenBuckets = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const httpBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const commitBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

const maxModelLabels = 200
const maxErrorLabels = 50
const other = "other"

export const makeMarketMetrics = (services: LiveServices): MarketMetrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  countCommands(services, registry)
  showMarket(services, registry)
  showStore(services, registry)
  return {
    registry,
    callEnded: callMeasures(services, registry),
    httpPlugin: httpMeasures(registry),
  }
}

/** Models are listed by admins, who may list many. */
const modelLabelOf = ({ directory }: LiveServices, id: number | undefined): string =>
  id === undefined || id >= maxModelLabels ? other : (directory.models.get(id)?.name ?? other)

/** Lets the first `most` values through; whatever else comes is "other". */
export const boundedLabel = (most: number): ((value: string) => string) => {
  const seen = new Set<string>()
  return (value) => {
    if (seen.has(value)) return value
    if (seen.size >= most) return other
    seen.add(value)
    return value
  }
}

const callMeasures = (services: LiveServices, registry: Registry): MarketMetrics["callEnded"] => {
  const registers = [registry]
  const base = ["gen_ai_operation_name", "gen_ai_request_model"] as const
  const duration = new Histogram({
    name: "gen_ai_server_request_duration_seconds",
    help: "Time from a call's arrival to the end of its answer",
    labelNames: [...base, "error_type"],
    buckets: durationBuckets,
    registers,
  })
  const firstToken = new Histogram({
    name: "gen_ai_server_time_to_first_token_seconds",
    help: "Time from a call's arrival to the first token of its answer",
    labelNames: base,
    buckets: firstTokenBuckets,
    registers,
  })
  const perToken = new Histogram({
    name: "gen_ai_server_time_per_output_token_seconds",
    help: "Mean time between the tokens of one answer",
    labelNames: base,
    buckets: perTokenBuckets,
    registers,
  })
  const tokens = new Counter({
    name: "evenkeel_tokens_total",
    help: "Tokens of calls that were served whole, as the gateway counts them",
    labelNames: [...base, "gen_ai_token_type"],
    registers,
  })
  const errorLabel = boundedLabel(maxErrorLabels)
  return (measure) => {
    const labels = {
      gen_ai_operation_name: operations[measure.kind],
      gen_ai_request_model: modelLabelOf(
        services,
        services.directory.modelByName(measure.model)?.id,
      ),
    }
    const error = measure.errorType === undefined ? "" : errorLabel(measure.errorType)
    duration.observe({ ...labels, error_type: error }, measure.durationSeconds)
    if (measure.timeToFirstTokenSeconds !== undefined)
      firstToken.observe(labels, measure.timeToFirstTokenSeconds)
    if (measure.timePerOutputTokenSeconds !== undefined)
      perToken.observe(labels, measure.timePerOutputTokenSeconds)
    tokens.inc({ ...labels, gen_ai_token_type: "input" }, measure.inputTokens)
    tokens.inc({ ...labels, gen_ai_token_type: "output" }, measure.outputTokens)
  }
}

/** What the kernel ordered, as plain numbers. */
interface Tally {
  readonly finished: Map<Outcome, number>
  readonly refused: Map<Refusal, number>
  readonly probes: Map<string, number>
  readonly findings: Map<string, number>
  dispatches: number
  outputTokens: number
  parks: number
  charge: number
  fee: number
  share: number
}

const raise = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const tallyOf = (tally: Tally, command: Command): void => {
  switch (command._tag) {
    case "Dispatch":
      tally.dispatches += 1
      return
    case "Finish":
      raise(tally.finished, command.outcome)
      tally.outputTokens += command.outputTokens
      tally.charge += command.charge
      tally.fee += command.fee
      tally.share += command.share
      return
    case "Refuse":
      return raise(tally.refused, command.reason)
    case "Probe":
      return raise(tally.probes, command.purpose)
    case "Park":
      tally.parks += 1
      return
    case "Audit":
      return raise(tally.findings, command.finding)
    default:
  }
}

const countCommands = ({ driver }: LiveServices, registry: Registry): void => {
  const tally: Tally = {
    finished: new Map(outcomes.map((outcome) => [outcome, 0])),
    refused: new Map(refusals.map((refusal) => [refusal, 0])),
    probes: new Map(),
    findings: new Map(),
    dispatches: 0,
    outputTokens: 0,
    parks: 0,
    charge: 0,
    fee: 0,
    share: 0,
  }
  driver.addTaker((command) => tallyOf(tally, command))
  const byLabel = (
    name: string,
    help: string,
    label: string,
    counts: ReadonlyMap<string, number>,
  ): void => {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect: () => {
        counter.reset()
        for (const [value, count] of counts) counter.inc({ [label]: value }, count)
      },
    })
  }
  const total = (name: string, help: string, read: () => number): void => {
    const counter: Counter = new Counter({
      name,
      help,
      registers: [registry],
      collect: () => {
        counter.reset()
        counter.inc(read())
      },
    })
  }
  const unit = 10 ** driver.market.economy.money.scale
  byLabel(
    "evenkeel_finished_total",
    "Requests that a host served, by how they ended",
    "outcome",
    tally.finished,
  )
  byLabel(
    "evenkeel_refused_total",
    "Requests that nobody served, by reason",
    "reason",
    tally.refused,
  )
  byLabel("evenkeel_probes_total", "Probes ordered, by purpose", "purpose", tally.probes)
  byLabel("evenkeel_findings_total", "Findings for the audit log", "finding", tally.findings)
  total("evenkeel_dispatches_total", "Attempts handed to a host", () => tally.dispatches)
  total("evenkeel_output_tokens_total", "Tokens delivered", () => tally.outputTokens)
  total("evenkeel_parks_total", "Times that a breaker parked an instance", () => tally.parks)
  total("evenkeel_charged_credits_total", "Paid by consumers", () => tally.charge / unit)
  total("evenkeel_fee_credits_total", "The platform's part of it", () => tally.fee / unit)
  total("evenkeel_share_credits_total", "The operators' part of it", () => tally.share / unit)
}

type GaugeRows = ReadonlyArray<readonly [labels: Record<string, string>, value: number]>

/** A gauge that is read when somebody looks. */
const readGauge = (
  registry: Registry,
  name: string,
  help: string,
  labelNames: ReadonlyArray<string>,
  read: () => GaugeRows,
): void => {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect: () => {
      gauge.reset()
      for (const [labels, value] of read()) gauge.inc(labels, value)
    },
  })
}

const showMarket = (services: LiveServices, registry: Registry): void => {
  const { driver, directory, uploads } = services
  const { market } = driver
  const show = (
    name: string,
    help: string,
    labelNames: ReadonlyArray<string>,
    read: () => GaugeRows,
  ): void => readGauge(registry, name, help, labelNames, read)
  const byModel =
    (pick: (view: ReturnType<typeof marketView>[number]) => number) => (): GaugeRows =>
      marketView(market)
        .filter(({ model }) => model < maxModelLabels)
        .map((view) => [{ model: modelLabelOf(services, view.model) }, pick(view)])
  const one = (read: () => number) => (): GaugeRows => [[{}, read()]]
  const unit = 10 ** market.economy.money.scale

  show(
    "evenkeel_instances",
    "Instances by model and by why they get no requests",
    ["model", "reason"],
    () => [...directory.models.all()].flatMap(({ id }) => standingRows(services, id)),
  )
  show("evenkeel_breakers", "Instances by the state of their breaker", ["state"], () => [
    ...["closed", "open", "halfOpen"].map((state) => [{ state }, 0] as const),
    ...breakerRows(services),
  ])
  show(
    "evenkeel_became_ineligible",
    "How often instances came to stand so, by reason",
    ["reason"],
    () => Object.entries(reasonCountsOf(market)).map(([reason, count]) => [{ reason }, count]),
  )
  show(
    "evenkeel_bounty_multiplier",
    "Bounty multiplier in force",
    ["model"],
    byModel(({ multiplier }) => multiplier),
  )
  show(
    "evenkeel_demand_tokens_per_second",
    "Average demand as of the turn of the hour",
    ["model"],
    byModel((view) => view.demandTokensPerSecond),
  )
  show(
    "evenkeel_supply_tokens_per_second",
    "Ramped supply as of the turn of the hour",
    ["model"],
    byModel((view) => view.supplyTokensPerSecond),
  )
  show(
    "evenkeel_bounty_pool_credits",
    "Credits in the bounty pool",
    [],
    one(() => bountyPoolOf(market) / unit),
  )
  show(
    "evenkeel_open_requests",
    "Requests that are under way",
    [],
    one(() => countOpenRequests(market)),
  )
  show(
    "evenkeel_accounts",
    "Accounts",
    [],
    one(() => directory.accounts.size()),
  )
  show(
    "evenkeel_hosts_held_back",
    "Hosts whose uploads arrive in one go: a proxy between holds them back",
    [],
    one(() => uploads.heldBack()),
  )
}

const standingRows = (services: LiveServices, model: ModelId): GaugeRows =>
  Object.entries(standingsOf(services.driver.market, model) ?? {}).map(([reason, count]) => [
    { model: modelLabelOf(services, model), reason },
    count,
  ])

const breakerRows = ({ driver, directory }: LiveServices): GaugeRows =>
  [...directory.instances.all()].flatMap(({ id, stoppedAtMillis }) => {
    const state = stoppedAtMillis === undefined ? breakerStateOf(driver.market, id) : undefined
    return state === undefined ? [] : [[{ state }, 1] as const]
  })

const showStore = ({ store }: LiveServices, registry: Registry): void => {
  readGauge(registry, "evenkeel_store_backlog", "Entries that are not on disk yet", [], () => [
    [{}, store.backlog()],
  ])
  const seconds = new Histogram({
    name: "evenkeel_commit_duration_seconds",
    help: "Time that a commit of the journal took",
    buckets: commitBuckets,
    registers: [registry],
  })
  const rows = new Counter({
    name: "evenkeel_committed_rows_total",
    help: "Journal entries and statements that were committed",
    registers: [registry],
  })
  store.onCommit((count, took) => {
    seconds.observe(took)
    rows.inc(count)
  })
}

const httpMeasures = (registry: Registry): FastifyPluginAsync => {
  const duration = new Histogram({
    name: "http_server_request_duration_seconds",
    help: "Time from a request's head to the end of its answer",
    labelNames: ["http_request_method", "http_route", "http_response_status_code"],
    buckets: httpBuckets,
    registers: [registry],
  })
  return forWholeServer(async (app) => {
    app.addHook("onResponse", async (request, reply) => {
      duration.observe(
        {
          // Routes come from the server itself; a path that has none is not kept.
          http_route: request.routeOptions.url ?? "",
          http_request_method: request.routeOptions.url === undefined ? other : request.method,
          http_response_status_code: reply.statusCode,
        },
        reply.elapsedTime / 1000,
      )
    })
  })
}
