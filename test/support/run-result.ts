/**
 * A made-up but plausible run result, for the tests of the store, the exports and the reports.
 *
 * It is no simulation: an hourly sketch of a marketplace of four models whose demand breathes with
 * the day, whose nodes ramp up over a week and drift to where supply is short, with one flash crowd.
 * Its purpose is to have every series, histogram and field filled with values of believable size.
 * The same options give the same result, to the last digit.
 */
import { openStream } from "../../engine/core/random.ts"
import type { Stream } from "../../engine/core/random.ts"
import { metricFacts } from "../../sim/metrics/catalogue.ts"
import type { MetricFacts } from "../../sim/results/models/metric-facts.ts"
import { skewedInterval } from "../../sim/statistics/inference/skewed-interval.ts"
import type {
  Estimate,
  Histogram,
  NodeOutcome,
  ReplicationResult,
  RunResult,
  Series,
} from "../../sim/results/models/run-model.ts"

export interface RunOptions {
  readonly seed: string
  readonly replications: number
  readonly days: number
  readonly binSeconds: number
  readonly nodes: number
  readonly models: ReadonlyArray<string>
  readonly scenario: string
  readonly title: string
}

const defaultRunOptions: RunOptions = {
  seed: "fixture",
  replications: 5,
  days: 28,
  binSeconds: 3600,
  nodes: 120,
  models: ["llama-3.1-8b", "qwen-2.5-32b", "llama-3.3-70b", "deepseek-v3"],
  scenario: "pooled-baseline",
  title: "The pooled credit economy over four weeks",
}

const minorPerCredit = 1_000_000

const devices = [
  { device: "RTX 3090", deviceClass: "consumer", speed: 48, slots: 4, costPerHour: 1.9 },
  { device: "RTX 4090", deviceClass: "consumer", speed: 62, slots: 6, costPerHour: 3.1 },
  { device: "M2 Ultra", deviceClass: "apple", speed: 31, slots: 3, costPerHour: 0.8 },
  { device: "H100 SXM", deviceClass: "datacenter", speed: 140, slots: 24, costPerHour: 11 },
] as const

const reasons = ["no capacity", "rate limited", "insufficient credits", "all parked"] as const

export const makeRunResult = (overrides: Partial<RunOptions> = {}): RunResult => {
  const options = { ...defaultRunOptions, ...overrides }
  const replications = Array.from({ length: options.replications }, (_, index) =>
    makeReplication(options, index),
  )
  const sum = (of: (replication: ReplicationResult) => number): number =>
    replications.reduce((total, replication) => total + of(replication), 0)
  return {
    version: "0.1.0",
    scenario: options.scenario,
    title: options.title,
    about: "",
    scenarioYaml: [
      `# ${options.title}`,
      `name: ${JSON.stringify(options.scenario)}`,
      "economy: pooled",
      `days: ${options.days}`,
      "demand:",
      ...options.models.map((model) => `  - model: ${JSON.stringify(model)}\n    share: 0.25`),
      "",
    ].join("\n"),
    economy: "pooled",
    scale: 6,
    creditUsd: 0.01,
    seed: options.seed,
    command: `evenkeel run pooled-baseline.yaml --seed ${options.seed} --replications ${options.replications}`,
    horizonSeconds: options.days * 86_400,
    warmupSeconds: 3 * 86_400,
    replicationsAsked: options.replications,
    digest: hexadecimal(openStream(options.seed, "digest", "run")),
    requests: sum((replication) => replication.requests),
    events: sum((replication) => replication.events),
    wallSeconds: sum((replication) => replication.wallSeconds),
    finishedAt: "2026-01-31T12:00:00.000Z",
    metrics: estimatesOf(replications, options.models),
    checks: {
      littlesLaw: { ok: true, detail: "L − λW within 0.02% in every replication" },
      creditsConserved: { ok: true, detail: "the sum of all balances is 0 at every instant" },
      flowBalance: { ok: true, detail: "arrivals = served + rejected + in flight" },
    },
    replications,
  }
}

interface SketchNode {
  readonly kind: (typeof devices)[number]
  readonly joinedHour: number
  readonly leftHour: number
  readonly quality: number
  model: number
  switches: number
  switchedHour: number
  outcome: { -readonly [K in keyof NodeOutcome]: NodeOutcome[K] }
}

const makeReplication = (options: RunOptions, index: number): ReplicationResult => {
  const { seed, days, binSeconds, models } = options
  const draw = (purpose: string): Stream => openStream(seed, purpose, index)
  const noise = draw("noise")
  const binHours = binSeconds / 3600
  const bins = Math.floor((days * 86_400) / binSeconds)
  const nodes = makeNodes(options, index)
  const series = new SeriesTable(binSeconds, bins)
  let pool = 400
  let requests = 0

  for (let bin = 0; bin < bins; bin++) {
    const hour = bin * binHours
    const online = nodes.filter((node) => hour >= node.joinedHour && hour < node.leftHour)
    const totals = { arrived: 0, served: 0, rejected: 0, gross: 0, bounty: 0 }
    const rejectedBy = reasons.map(() => 0)
    const parked = clamp(0.015 + 0.012 * normal(noise) * (1 + 2 * dayShape(hour)), 0, 1)
    const utilisation = new Map<string, { busy: number; slots: number }>()

    for (const [at, model] of models.entries()) {
      const serving = online.filter((node) => node.model === at)
      const supply = serving.reduce(
        (total, node) => total + node.kind.speed * node.kind.slots * rampAt(hour - node.joinedHour),
        0,
      )
      const demand = demandOf(at, hour, days) * options.nodes * 34 * Math.exp(0.06 * normal(noise))
      const coverage = supply / (1.25 * demand)
      const multiplier = Math.round((1 + Math.min(1, Math.max(0, 1 - coverage))) * 100) / 100
      const servedShare = Math.min(0.997, (supply * (1 - parked)) / (demand * 1.04))
      const tokens = demand * servedShare
      const load = Math.min(1, tokens / Math.max(1, supply))
      totals.arrived += demand / 210
      totals.served += tokens / 210
      totals.rejected += (demand - tokens) / 210
      const weights = [servedShare < 0.95 ? 6 : 0.4, 0.6, 0.3, parked * 20]
      const weight = weights.reduce((a, b) => a + b, 0)
      for (const [which, part] of weights.entries()) {
        rejectedBy[which] = (rejectedBy[which] ?? 0) + ((demand - tokens) / 210) * (part / weight)
      }
      const gross = (tokens * 3600 * (6 + 9 * at)) / 1e6
      const bounty = Math.min(gross * 0.88 * Math.min(0.25, multiplier - 1), Math.max(0, pool))
      totals.gross += gross
      totals.bounty += bounty
      pool -= bounty * binHours
      series.set("coverage", model, "ramped supply ÷ target demand", bin, coverage)
      series.set("bounty.multiplier", model, "×", bin, multiplier)
      payNodes(serving, { hour, binHours, gross, bounty, load, utilisation })
      driftTo(at, coverage, online, hour, noise)
    }

    const withheld = 0.012 * totals.gross
    pool += (0.06 * totals.gross + withheld) * binHours
    requests += totals.served * binSeconds
    series.set("requests.arrived", "", "requests/s", bin, totals.arrived)
    series.set("requests.served", "", "requests/s", bin, totals.served)
    series.set("requests.rejected", "", "requests/s", bin, totals.rejected)
    for (const [which, reason] of reasons.entries()) {
      series.set("requests.rejectedBy", reason, "requests/s", bin, rejectedBy[which] ?? 0)
    }
    for (const [deviceClass, { busy, slots }] of utilisation) {
      series.set("utilisation", deviceClass, "share", bin, slots === 0 ? null : busy / slots)
    }
    for (const deviceClass of ["consumer", "datacenter", "apple"]) {
      const count = online.filter((node) => node.kind.deviceClass === deviceClass).length
      series.set("nodes.online", deviceClass, "nodes", bin, count)
    }
    series.set("credits", "providers", "credits/h", bin, totals.gross * 0.88 - withheld)
    series.set("credits", "platform", "credits/h", bin, totals.gross * 0.06)
    series.set("credits", "bounty pool", "credits/h", bin, totals.gross * 0.06)
    series.set("credits", "bounties paid", "credits/h", bin, totals.bounty)
    series.set("credits", "withheld", "credits/h", bin, withheld)
    series.set(
      "credits",
      "promotions spent",
      "credits/h",
      bin,
      0.02 * totals.gross * Math.exp(-hour / 200),
    )
    series.set("bountyPool.balance", "", "credits", bin, pool)
    series.set("breaker.parks", "", "parks/h", bin, parked * online.length * 3)
    series.set("breaker.parkedShare", "", "share", bin, parked)
  }

  for (const node of nodes) finish(node, days)
  return {
    index,
    digest: hexadecimal(draw("digest")),
    requests: Math.round(requests),
    events: Math.round(requests * 4.2),
    wallSeconds: 1.5 + noise.next(),
    metrics: metricsOf(nodes, series, models),
    checks: {
      littlesLaw: { ok: true, detail: `L − λW = ${(noise.next() * 0.0002).toFixed(6)}` },
      creditsConserved: { ok: true, detail: "sum 0" },
      flowBalance: { ok: true, detail: "0 requests unaccounted for" },
    },
    series: [...series.all(), ...newcomerSeries(noise)],
    histograms: histogramsOf(draw("histograms"), models),
    nodes: nodes.map((node) => node.outcome),
  }
}

const makeNodes = (options: RunOptions, replication: number): ReadonlyArray<SketchNode> =>
  Array.from({ length: options.nodes }, (_, node) => {
    const stream = openStream(options.seed, `node-${replication}`, node)
    const pick = stream.next()
    const kind = devices[pick < 0.4 ? 0 : pick < 0.75 ? 1 : pick < 0.9 ? 2 : 3]
    const joinedHour = stream.next() < 0.5 ? 0 : stream.next() * options.days * 22
    const lifetime = 700 * Math.exp(1.4 * normal(stream))
    const leftHour = joinedHour + lifetime
    const model = Math.floor(stream.next() * options.models.length)
    return {
      kind,
      joinedHour,
      leftHour: leftHour < options.days * 24 ? leftHour : Number.POSITIVE_INFINITY,
      quality: clamp(0.97 + 0.03 * normal(stream), 0.4, 1),
      model,
      switches: 0,
      switchedHour: Number.NEGATIVE_INFINITY,
      outcome: {
        node,
        operator: Math.floor(node / 3),
        device: kind.device,
        deviceClass: kind.deviceClass,
        model: options.models[model] ?? "",
        joinedSeconds: joinedHour * 3600,
        leftSeconds: leftHour < options.days * 24 ? leftHour * 3600 : null,
        onlineHours: 0,
        busySlotHours: 0,
        slots: kind.slots,
        requests: 0,
        failures: 0,
        outputTokens: 0,
        shareEarned: 0,
        bountyEarned: 0,
        withheld: 0,
        costCredits: 0,
        parks: 0,
        switches: 0,
        health: 0,
      },
    }
  })

/** Shares an hour's takings among the nodes that serve a model: equal shares, times the ramp. */
const payNodes = (
  serving: ReadonlyArray<SketchNode>,
  hourly: {
    hour: number
    binHours: number
    gross: number
    bounty: number
    load: number
    utilisation: Map<string, { busy: number; slots: number }>
  },
): void => {
  const { hour, binHours, gross, bounty, load, utilisation } = hourly
  const weightOf = (node: SketchNode): number =>
    rampAt(hour - node.joinedHour) * node.quality * (2 + node.kind.slots / 4)
  const total = serving.reduce((sum, node) => sum + weightOf(node), 0)
  for (const node of serving) {
    const part = weightOf(node) / total
    const ramp = rampAt(hour - node.joinedHour)
    const outcome = node.outcome
    outcome.onlineHours += binHours
    outcome.busySlotHours += load * node.kind.slots * ramp * binHours
    outcome.shareEarned += Math.round(part * gross * 0.88 * binHours * minorPerCredit)
    outcome.bountyEarned += Math.round(part * bounty * binHours * minorPerCredit)
    outcome.withheld += Math.round(part * gross * 0.012 * binHours * minorPerCredit)
    outcome.requests += Math.round((part * gross * 1e6) / 210 / 15)
    const entry = utilisation.get(node.kind.deviceClass) ?? { busy: 0, slots: 0 }
    entry.busy += load * node.kind.slots * ramp
    entry.slots += node.kind.slots * ramp
    utilisation.set(node.kind.deviceClass, entry)
  }
}

/** Now and then a node moves to a model that is short of supply. */
const driftTo = (
  model: number,
  coverage: number,
  online: ReadonlyArray<SketchNode>,
  hour: number,
  noise: Stream,
): void => {
  if (coverage > 0.9 || noise.next() > 0.25) return
  const candidate = online[Math.floor(noise.next() * online.length)]
  if (candidate === undefined || candidate.model === model) return
  if (hour - candidate.switchedHour < 72) return
  candidate.model = model
  candidate.switches += 1
  candidate.switchedHour = hour
}

const finish = (node: SketchNode, days: number): void => {
  const { outcome, kind, quality, switches } = node
  outcome.failures = Math.round(outcome.requests * (1 - quality) * 0.5)
  outcome.outputTokens = outcome.requests * 210
  outcome.costCredits = Math.round(kind.costPerHour * outcome.onlineHours * 100) / 100
  outcome.parks = Math.round(outcome.failures / 40)
  outcome.switches = switches
  outcome.health = Math.round(quality * 100) / 100
  if (outcome.leftSeconds !== null && outcome.leftSeconds > days * 86_400)
    outcome.leftSeconds = null
}

/** Tokens/s asked for, relative; model 1 grows, model 2 has a flash crowd in the third week. */
const demandOf = (model: number, hour: number, days: number): number => {
  const growth = model === 1 ? 0.5 + (1.1 * hour) / (days * 24) : 1
  const crowd = model === 2 && hour > days * 16 && hour < days * 16 + 30 ? 3 : 1
  const weekend = Math.floor(hour / 24) % 7 >= 5 ? 0.75 : 1
  return (1.3 / (1 + 0.3 * model)) * growth * crowd * weekend * (0.55 + 0.9 * dayShape(hour))
}

/** 0 at night, 1 in the afternoon: a parabola over the 24 hours. */
const dayShape = (hour: number): number => {
  const x = (hour % 24) / 24
  return clamp(4 * x * (1 - x), 0, 1)
}

const rampAt = (ageHours: number): number => 0.1 + 0.9 * clamp(ageHours / 168, 0, 1)

const newcomerSeries = (noise: Stream): ReadonlyArray<Series> => {
  const binSeconds = 6 * 3600
  const ages = Array.from({ length: 56 }, (_, bin) => (bin + 0.5) * 6)
  const series = (name: string, values: ReadonlyArray<number | null>): Series => ({
    name,
    key: "",
    unit: "ratio to an equal veteran",
    binSeconds,
    values,
  })
  return [
    series(
      "newcomer.ramp",
      ages.map((age) => rampAt(age)),
    ),
    series(
      "newcomer.traffic",
      ages.map((age) => Math.min(1, rampAt(age) * 1.3) + 0.05 * normal(noise)),
    ),
    series(
      "newcomer.pay",
      ages.map((age) => Math.min(1, rampAt(age) * 1.25) * 0.97 + 0.06 * normal(noise)),
    ),
  ]
}

const histogramsOf = (stream: Stream, models: ReadonlyArray<string>): ReadonlyArray<Histogram> => [
  histogramOf("health", "", "", linearEdges(0, 1, 50), 600, () =>
    clamp(1 - 0.03 * Math.exp(normal(stream)), 0, 0.9999),
  ),
  ...models.map((model, at) =>
    histogramOf(
      "ttft",
      model,
      "s",
      logEdges(0.05, 100, 40),
      3_000,
      () => 0.25 * (1 + at * 0.8) * Math.exp(0.7 * normal(stream)),
    ),
  ),
  ...(["consumer", "datacenter", "apple"] as const).map((deviceClass, at) =>
    histogramOf("tokensPerSecond", deviceClass, "tok/s", logEdges(1, 500, 40), 3_000, () =>
      [34, 95, 18][at] === undefined
        ? 1
        : ([34, 95, 18][at] ?? 1) * Math.exp(0.45 * normal(stream)),
    ),
  ),
]

const histogramOf = (
  name: string,
  key: string,
  unit: string,
  edges: ReadonlyArray<number>,
  observations: number,
  draw: () => number,
): Histogram => {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (let i = 0; i < observations; i++) {
    const value = draw()
    const bin = edges.findIndex((edge) => edge > value) - 1
    if (bin >= 0) counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { name, key, unit, edges, counts }
}

const linearEdges = (from: number, to: number, bins: number): ReadonlyArray<number> =>
  Array.from({ length: bins + 1 }, (_, i) => from + ((to - from) * i) / bins)

const logEdges = (from: number, to: number, bins: number): ReadonlyArray<number> =>
  Array.from({ length: bins + 1 }, (_, i) => from * Math.exp((Math.log(to / from) * i) / bins))

const metricsOf = (
  nodes: ReadonlyArray<SketchNode>,
  series: SeriesTable,
  models: ReadonlyArray<string>,
): Record<string, number> => {
  const mean = (name: string, key = ""): number => series.meanOf(name, key)
  const pay = nodes
    .filter((node) => node.outcome.onlineHours > 0)
    .map(({ outcome }) => (outcome.shareEarned + outcome.bountyEarned) / outcome.onlineHours)
    .sort((a, b) => a - b)
  const total = pay.reduce((a, b) => a + b, 0)
  const weighted = pay.reduce((a, b, i) => a + (i + 1) * b, 0)
  const squares = pay.reduce((a, b) => a + b * b, 0)
  const metrics = {
    "requests.servedShare": mean("requests.served") / mean("requests.arrived"),
    "requests.rejectedShare": mean("requests.rejected") / mean("requests.arrived"),
    "utilisation.consumer": mean("utilisation", "consumer"),
    "utilisation.datacenter": mean("utilisation", "datacenter"),
    "earnings.gini": (2 * weighted) / (pay.length * total) - (pay.length + 1) / pay.length,
    "earnings.jain": (total * total) / (pay.length * squares),
    "bountyPool.mean": mean("bountyPool.balance"),
    "credits.grossPerDay":
      24 *
      (mean("credits", "providers") +
        mean("credits", "platform") +
        mean("credits", "bounty pool") +
        mean("credits", "withheld")),
    "credits.providersPerDay": 24 * mean("credits", "providers"),
    "breaker.parkedShare": mean("breaker.parkedShare"),
    "ttft.p99": 6.2 + mean("breaker.parkedShare") * 40,
    "newcomer.trafficFirstWeek": 0.6 + mean("breaker.parkedShare"),
    "newcomer.rampFirstWeek": 0.55,
    ...Object.fromEntries(
      models.map((model) => [`shortage.${model}`, series.shareBelow("coverage", model, 1)]),
    ),
  }
  // A class without nodes has no utilisation to report.
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Number.isNaN(value)))
}

const estimatesOf = (
  replications: ReadonlyArray<ReplicationResult>,
  models: ReadonlyArray<string>,
): Readonly<Record<string, Estimate>> =>
  Object.fromEntries(
    Object.entries(factsFor(models)).flatMap(([name, facts]) => {
      const values = replications.flatMap(({ metrics }) => metrics[name] ?? [])
      return values.length === 0
        ? []
        : [[name, { ...skewedInterval(values, facts), trend: null, ...facts }]]
    }),
  )

/** What the registry says of the metrics of a market with such models. */
const factsFor = (models: ReadonlyArray<string>) =>
  metricFacts({
    models: models.map((name) => ({ name, crowdSeconds: null })),
    parties: [],
    strategies: [],
  })

/** A metric by its name in the registry, or one of no name in it, with such a mean and interval. */
export const estimateOf = (name: string, settings: Partial<Estimate> = {}): Estimate => {
  const { mean = 1, halfWidth = 0.1, n = 5 } = settings
  const basis = settings.basis ?? (halfWidth === null ? "one" : "interval")
  return {
    ...(factsFor([])[name] ?? plainFacts),
    mean,
    low: halfWidth === null ? null : mean - halfWidth,
    high: halfWidth === null ? null : mean + halfWidth,
    halfWidth,
    n,
    basis,
    trend: null,
    ...settings,
  }
}

/** Facts of a metric that no registry knows. */
export const plainFacts: MetricFacts = {
  group: "service",
  label: "A metric",
  unit: "share",
  meaning: "What it means",
  base: "time",
  window: "after the warm-up",
  least: null,
  most: null,
  smallestEffect: 0.01,
  isEffectRelative: false,
}

/** Series under construction, by name and key. */
class SeriesTable {
  readonly #binSeconds: number
  readonly #bins: number
  readonly #rows = new Map<string, { series: Series; values: Array<number | null> }>()

  constructor(binSeconds: number, bins: number) {
    this.#binSeconds = binSeconds
    this.#bins = bins
  }

  set(name: string, key: string, unit: string, bin: number, value: number | null): void {
    const id = JSON.stringify([name, key])
    let row = this.#rows.get(id)
    if (row === undefined) {
      const values = new Array<number | null>(this.#bins).fill(null)
      row = { series: { name, key, unit, binSeconds: this.#binSeconds, values }, values }
      this.#rows.set(id, row)
    }
    row.values[bin] = value
  }

  all(): ReadonlyArray<Series> {
    return [...this.#rows.values()].map((row) => row.series)
  }

  meanOf(name: string, key: string): number {
    const values = this.#valuesOf(name, key)
    return values.reduce((a, b) => a + b, 0) / values.length
  }

  shareBelow(name: string, key: string, bound: number): number {
    const values = this.#valuesOf(name, key)
    return values.filter((value) => value < bound).length / values.length
  }

  #valuesOf(name: string, key: string): ReadonlyArray<number> {
    const values = this.#rows.get(JSON.stringify([name, key]))?.values ?? []
    return values.filter((value) => value !== null)
  }
}

/** Roughly standard normal: the sum of twelve uniforms, less six. */
const normal = (stream: Stream): number => {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += stream.next()
  return sum
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value))

const hexadecimal = (stream: Stream): string =>
  Array.from({ length: 16 }, () => Math.floor(stream.next() * 16).toString(16)).join("")
