import { describe, expect, it } from "vitest"
import { boundedLabel } from "../../../live/operations/metrics.ts"
import { openOperations } from "./operations-server.ts"

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Prometheus' text format, strictly: every line is a comment of a known kind or a sample. */
const parsed = (text: string): ReadonlyArray<Sample> => {
  const types = new Map<string, string>()
  const samples: Array<Sample> = []
  expect(text.endsWith("\n")).toBe(true)
  for (const line of text.split("\n")) {
    if (line === "") continue
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) types.set(type[1]!, type[2]!)
    else if (!/^# HELP [a-zA-Z_:][\w:]* .+$/.test(line)) {
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?[\d.e+-]+|Nan|[+-]Inf)$/.exec(line)
      expect(sample, line).not.toBeNull()
      const [, name, labels = "", value] = sample!
      const family = name!.replace(/_(bucket|sum|count)$/, "")
      expect(types.has(family) || types.has(name!), `${line} has no type`).toBe(true)
      const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)]
      expect(pairs.map(([pair]) => pair).join(",")).toBe(labels)
      samples.push({
        name: name!,
        labels: Object.fromEntries(pairs.map(([, key, text]) => [key!, text!])),
        value: Number(value),
      })
    }
  }
  return samples
}

const scrape = async (all: Awaited<ReturnType<typeof openOperations>>) => {
  const answer = await all.server.inject({ method: "GET", url: "/metrics" })
  expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/)
  return parsed(answer.body)
}

const measure = {
  kind: "chat",
  durationSeconds: 0.3,
  inputTokens: 7,
  outputTokens: 11,
  timeToFirstTokenSeconds: 0.05,
  timePerOutputTokenSeconds: 0.02,
} as const

describe("the metrics", () => {
  it("count what the market did and show how it stands", async () => {
    const all = await openOperations()
    const model = all.market.listModel({ name: "small", outputPricePerMtok: 1_000_000 })
    const { account } = all.market.openAccount()
    all.market.startHost({ model })
    all.serve(account.id, model.id, "completed", 50)
    for (let failures = 0; failures < 3; failures++)
      all.serve(account.id, model.id, "upstreamError")
    expect(all.serve(account.id, model.id, "completed")).toBe(false)
    all.metrics.callEnded({ ...measure, model: "small" })
    const samples = await scrape(all)
    const value = (name: string, labels: Record<string, string> = {}) =>
      samples.find(
        (one) =>
          one.name === name &&
          Object.entries(labels).every(([key, text]) => one.labels[key] === text),
      )?.value
    expect(value("evenkeel_finished_total", { outcome: "completed" })).toBe(1)
    expect(value("evenkeel_finished_total", { outcome: "upstreamError" })).toBe(3)
    expect(value("evenkeel_refused_total", { reason: "NoCapacity" })).toBe(1)
    expect(value("evenkeel_dispatches_total")).toBe(4)
    expect(value("evenkeel_parks_total")).toBe(1)
    expect(value("evenkeel_instances", { model: "small", reason: "Parked" })).toBe(1)
    expect(value("evenkeel_breakers", { state: "open" })).toBe(1)
    expect(value("evenkeel_breakers", { state: "closed" })).toBe(0)
    expect(value("evenkeel_bounty_multiplier", { model: "small" })).toBe(1)
    expect(value("evenkeel_bounty_pool_credits")).toBeGreaterThan(0)
    expect(value("evenkeel_open_requests")).toBe(0)
    expect(value("evenkeel_store_backlog")).toBe(0)
    expect(value("nodejs_eventloop_lag_seconds")).toBeGreaterThanOrEqual(0)
    const labels = { gen_ai_operation_name: "chat", gen_ai_request_model: "small" }
    expect(value("gen_ai_server_request_duration_seconds_count", labels)).toBe(1)
    expect(value("gen_ai_server_time_to_first_token_seconds_sum", labels)).toBe(0.05)
    expect(value("evenkeel_tokens_total", { ...labels, gen_ai_token_type: "output" })).toBe(11)
  })

  it("keep a bounded set of labels, whatever clients send", async () => {
    const all = await openOperations()
    for (let n = 0; n < 250; n++) all.market.listModel({ name: `listed ${n}` })
    for (let n = 0; n < 1000; n++) {
      all.metrics.callEnded({ ...measure, model: `made up ${n}`, errorType: `error_${n}` })
      all.metrics.callEnded({ ...measure, model: `listed ${n}` })
      await all.server.inject({ method: "GET", url: `/no/such/path/${n}` })
    }
    const samples = await scrape(all)
    const values = (label: string) =>
      new Set(samples.map(({ labels }) => labels[label]).filter((text) => text !== undefined))
    expect(values("gen_ai_request_model").size).toBe(201)
    expect(values("model").size).toBe(201)
    expect(values("error_type").size).toBe(52)
    expect([...values("http_route")]).toEqual([""])
    expect([...values("http_request_method")]).toEqual(["other"])
  })

  it("let the first values of a label through", () => {
    const label = boundedLabel(2)
    expect(["a", "b", "c", "a", "d"].map(label)).toEqual(["a", "b", "other", "a", "other"])
  })
})
