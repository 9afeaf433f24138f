import { describe, expect, it } from "vitest"
import { openAttempts } from "../../../engine/index.ts"
import { manualClock } from "../support/manual-clock.ts"
import { hour, hoursGateway, second } from "./hours-gateway.ts"

const opened = async (terms: object = {}, options: Parameters<typeof hoursGateway>[0] = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider", "100")
  const consumer = await gateway.signUp("consumer", "100")
  const gpu = await gateway.sell(provider, { max_jobs: 2, ...terms })
  const path = `/marketplace/gpu/${gpu.id}`
  const look = async (what: string) => {
    const { status, body } = await gateway.call("GET", `${path}/${what}`, provider.key)
    expect(status, JSON.stringify(body)).toBe(200)
    return body
  }
  /** Sells half an hour of one job, to its end. */
  const rent = async (buyer = consumer) => {
    const { body } = await gateway.call("POST", "/marketplace/bookings", buyer.key, {
      gpu_id: gpu.id,
      hours: 0.5,
      jobs: 1,
    })
    await gateway.pass(2 * second, gpu)
    await gateway.call("POST", `/marketplace/bookings/${body.booking_id}/start`, gpu.key, {})
    await gateway.pass(hour / 2, gpu)
  }
  return { gateway, provider, consumer, gpu, look, rent }
}

/** A market that was opened two days ago, and a bit: what is listed now counts from then. */
const aged = () => ({ clock: manualClock(49 * hour) })

const shares = (parts: ReadonlyArray<{ readonly share: string }>): number =>
  Math.round(parts.reduce((sum, { share }) => sum + Number(share), 0) * 1e6)

describe("the figures of a machine", () => {
  it("are what was paid for hours and for calls, by client, model and hour", async () => {
    const models = [
      {
        name: "llama",
        kind: "text",
        contextTokens: 4096,
        inputPricePerToken: "0",
        outputPricePerToken: "0.0001",
      },
    ]
    const { gateway, gpu, consumer, look, rent } = await opened({}, { settings: { models } })
    const other = await gateway.signUp("other", "10")
    expect(await look("suggestions")).toMatchObject({
      suggestions: [],
      needed_hours: 48,
      ready_at: expect.any(String),
    })
    await rent()
    await rent()
    await rent(other)
    const { services } = gateway
    const { directory, driver } = services
    const host = directory.hostByPublicId(gpu.id)!
    const model = directory.modelByName("llama")!.id
    const instance = directory.instances.nextId()
    const facts = { host: host.id, model, slots: 1, tokensPerSecond: 100 }
    directory.instances.put({ id: instance, ...facts, upstreamModel: "llama", createdAtMillis: 0 })
    const { host: node, ...served } = facts
    const submit = (fact: Parameters<typeof driver.submit>[0]) =>
      expect(driver.submit(fact)).toBeUndefined()
    submit({ _tag: "InstanceStarted", instance, node, ...served, isPlatformAsked: false })
    const request = driver.nextRequest()
    const account = [...directory.accounts.all()].find(
      ({ publicId }) => publicId === consumer.id,
    )!.id
    submit({ _tag: "RequestArrived", request, account, model, inputTokens: 4, maxTokens: 100 })
    submit({
      _tag: "AttemptEnded",
      request,
      attempt: openAttempts(driver.market).find((one) => one.request === request)?.attempt ?? -1,
      outcome: "completed",
      outputTokens: 100,
      reportedTokens: 100,
      decodeMicros: 36 * second,
      retryAfterMicros: 0,
    })
    const earnings = await look("earnings?by=client,model_type,hour")
    // Three half hours at 0.1 less 12%, and 100 tokens of 0.0001 less 12%.
    expect(earnings).toMatchObject({
      gross: "0.16",
      fee: "0.0192",
      total: "0.1408",
      of_hours: "0.132",
      of_calls: "0.0088",
      realized_rate: "0.10",
      bookings: 3,
      calls: 1,
      top_client: consumer.id,
      days: 1,
      daily_average: "0.1408",
    })
    expect(earnings.by.client).toEqual([
      { key: consumer.id, share: "0.0968", bookings: 2, calls: 1 },
      { key: other.id, share: "0.044", bookings: 1, calls: 0 },
    ])
    expect(earnings.by.model).toEqual([
      { key: "hours", share: "0.132", bookings: 3, calls: 0 },
      { key: "llama", share: "0.0088", bookings: 0, calls: 1 },
    ])
    for (const parts of Object.values<Array<{ share: string }>>(earnings.by))
      expect(shares(parts)).toBe(140_800)
    const analytics = await look("analytics")
    expect(analytics).toMatchObject({ sold_hours: expect.closeTo(1.5, 1), realized_rate: "0.10" })
    // 0.0088 for 36 s of decoding, 0.132 for an hour and a half.
    expect(analytics.profitable_models).toMatchObject([
      { model: "llama", job_hours: 0.01, share_per_hour: "0.88" },
      { model: "hours", job_hours: 1.5, share_per_hour: "0.088" },
    ])
    expect(analytics.hours).toHaveLength(24)
    // Both slots, all the time since it was listed.
    expect(analytics.utilization_rate).toBeCloseTo(0.5, 2)
    expect(analytics.peak_hours.length).toBeGreaterThan(0)
    expect((await look("status")).sold_hours).toBeCloseTo(1.5, 1)
  })

  it("are its provider's, of a period and parts that there are", async () => {
    const { gateway, gpu, provider } = await opened()
    const stranger = await gateway.signUp("stranger")
    for (const what of ["earnings", "analytics", "suggestions", "monitoring"]) {
      const path = `/marketplace/gpu/${gpu.id}/${what}`
      expect((await gateway.call("GET", path)).status).toBe(401)
      expect((await gateway.call("GET", path, stranger.key)).body.error.code).toBe("not_your_gpu")
      expect((await gateway.call("GET", path, gateway.adminKey)).status).toBe(200)
      expect(
        (await gateway.call("GET", `/marketplace/gpu/none/${what}`, provider.key)).status,
      ).toBe(404)
    }
    const wrong = async (query: string) =>
      (await gateway.call("GET", `/marketplace/gpu/${gpu.id}/${query}`, provider.key)).body.error
    expect(await wrong("earnings?by=colour")).toMatchObject({ param: "by" })
    expect(await wrong("analytics?period=ever")).toMatchObject({ param: "period" })
  })

  it("suggest nothing before 48 hours, then what follows from them", async () => {
    const schedule = { timezone: "UTC", availability: { monday: ["00:00-01:00"] } }
    const { gateway, provider, gpu, look } = await opened(
      { strategy: "fixed", base_price: "0.3" },
      aged(),
    )
    await gateway.sell(provider, { base_price: "0.1" })
    const found = await look("suggestions")
    expect(found.ready_at).toBeNull()
    const [price, guard, ...rest] = found.suggestions
    expect(rest).toEqual([])
    expect(price).toMatchObject({
      suggestion: "lower_price",
      impact: "Not measured",
      impact_credits: null,
      arithmetic: [
        "price 0.30 > the region's median 0.10",
        "utilisation 0% < 50%",
        expect.stringContaining("not measured"),
      ],
    })
    expect(price.implementation_steps[0]).toBe(
      `evenkeel gpu update --gpu-id ${gpu.id} --base-price 0.10`,
    )
    expect(guard).toMatchObject({ suggestion: "guard_utilization" })
    await gateway.call("PUT", `/marketplace/gpu/${gpu.id}/availability`, provider.key, { schedule })
    await gateway.call("PATCH", `/marketplace/gpu/${gpu.id}`, provider.key, {
      strategy: "utilization-guard",
      base_price: "0.1",
    })
    expect((await look("suggestions")).suggestions).toEqual([])
  })

  it("measure what a price would bring where five providers let at different ones", async () => {
    const { gateway, gpu, look, rent } = await opened({ base_price: "0.2" }, aged())
    const others: Array<Awaited<ReturnType<typeof gateway.sell>>> = []
    for (const [index, price] of ["0.1", "0.1", "0.1", "0.25", "0.25"].entries())
      others.push(
        await gateway.sell(await gateway.signUp(`provider ${index}`), { base_price: price }),
      )
    await rent()
    for (const one of [gpu, ...others]) await gateway.beat(one)
    const { suggestions } = await look("suggestions")
    expect(suggestions[0].suggestion).toBe("lower_price")
    expect(suggestions[0].arithmetic).toHaveLength(4)
    expect(suggestions[0].impact_credits).toMatch(/^-?\d+\.\d+$/)
  })
})
