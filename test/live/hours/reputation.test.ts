import { describe, expect, it } from "vitest"
import { openAttempts, openRechecks } from "../../../engine/index.ts"
import { manualClock } from "../support/manual-clock.ts"
import { hour, hoursGateway, second } from "./hours-gateway.ts"
import type { HoursGateway, Party } from "./hours-gateway.ts"

const opened = async (options: Parameters<typeof hoursGateway>[0] = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider", "100")
  const consumer = await gateway.signUp("consumer", "100")
  const gpu = await gateway.sell(provider)
  return { gateway, provider, consumer, gpu }
}

const book = async (
  { call }: HoursGateway,
  consumer: Party,
  gpu: { readonly id: string },
  hours = 0.5,
): Promise<string> =>
  (await call("POST", "/marketplace/bookings", consumer.key, { gpu_id: gpu.id, hours })).body
    .booking_id

/** Half an hour, to its end, and confirmed. */
const rent = async (
  gateway: HoursGateway,
  consumer: Party,
  gpu: { readonly id: string; readonly key: string },
): Promise<string> => {
  const id = await book(gateway, consumer, gpu)
  await gateway.pass(4 * second, gpu)
  const path = `/marketplace/bookings/${id}`
  await gateway.call("POST", `${path}/start`, gpu.key, {})
  await gateway.pass(hour / 2, gpu)
  await gateway.call("POST", `${path}/confirm`, consumer.key)
  return id
}

const rate = ({ call }: HoursGateway, id: string, key: string, stars: unknown) =>
  call("POST", `/marketplace/bookings/${id}/rating`, key, { stars })

describe("ratings", () => {
  it("are given once, by the consumer, when the booking is over, and make a reputation", async () => {
    const { gateway, consumer, gpu, provider } = await opened({
      knobs: { ratings: { windowDays: 0.1 } },
    })
    const known = async () =>
      (await gateway.call("GET", `/marketplace/gpu/${gpu.id}/reputation`)).body
    const before = await known()
    expect(before).toMatchObject({
      client_satisfaction: 0.8,
      avg_response_time: null,
      ratings: 0,
      rank: 1,
      providers: 1,
    })
    const ahead = await book(gateway, consumer, gpu)
    expect((await rate(gateway, ahead, consumer.key, 5)).body.error.code).toBe("not_over")
    await gateway.call("POST", `/marketplace/bookings/${ahead}/cancel`, consumer.key)
    const id = await rent(gateway, consumer, gpu)
    for (const stars of [0, 6, 2.5, "5", null, undefined])
      expect((await rate(gateway, id, consumer.key, stars)).status, String(stars)).toBe(400)
    expect((await rate(gateway, id, provider.key, 5)).status).toBe(403)
    const stranger = await gateway.signUp("stranger")
    expect((await rate(gateway, id, stranger.key, 1)).status).toBe(404)
    const given = await rate(gateway, id, consumer.key, 2)
    expect(given).toMatchObject({ status: 200, body: { booking_id: id, stars: 2 } })
    expect(given.body.reputation).toMatchObject({ client_satisfaction: 0.4, ratings: 1 })
    expect(given.body.reputation.overall_score).toBeLessThan(before.overall_score)
    expect((await rate(gateway, id, consumer.key, 5)).body.error).toMatchObject({
      code: "already_rated",
      message: expect.stringContaining("2 of 5"),
    })
    expect(await known()).toEqual(given.body.reputation)
    // Four seconds passed, of which it was ordered for the second next one.
    expect((await known()).avg_response_time).toBeGreaterThan(0)
    expect((await known()).avg_response_time).toBeLessThan(4)
    const details = await gateway.call("GET", `/marketplace/bookings/${id}`, consumer.key)
    expect(details.body.stars).toBe(2)
    expect(details.body.history.at(-1)).toMatchObject({ step: "rated", details: { stars: 2 } })
    const late = await rent(gateway, consumer, gpu)
    await gateway.pass(3 * hour, gpu)
    expect((await rate(gateway, late, consumer.key, 5)).body.error.code).toBe("too_late")
  })

  it("weigh what was paid where the market is hardened: not of nothing, of oneself, or at once again", async () => {
    const { gateway, provider, consumer, gpu } = await opened({
      preset: "aitbc-hardened",
      knobs: { escrow: { bondHours: 0, cancelFeeHours: 0, evidence: "heartbeats" } },
    })
    const codeOf = async (id: string, key: string) =>
      (await rate(gateway, id, key, 5)).body.error?.code
    const unpaid = await book(gateway, consumer, gpu)
    await gateway.call("POST", `/marketplace/bookings/${unpaid}/cancel`, consumer.key)
    expect(await codeOf(unpaid, consumer.key)).toBe("not_paid")
    const own = await rent(gateway, provider, gpu)
    expect(await codeOf(own, provider.key)).toBe("linked")
    const first = await rent(gateway, consumer, gpu)
    const answer = await rate(gateway, first, consumer.key, 5)
    // What half an hour at 0.1 costs is what the voice weighs.
    expect(answer.body.reputation.ratings).toBeCloseTo(0.05, 2)
    const second2 = await rent(gateway, consumer, gpu)
    expect(await codeOf(second2, consumer.key)).toBe("too_soon")
  })

  it("sort the machines that are on offer, and are a floor; and outlive a restart", async () => {
    const { gateway, provider, consumer, gpu } = await opened()
    const other = await gateway.sell(await gateway.signUp("other"), { name: "Other" })
    const bad = await rent(gateway, consumer, gpu)
    await rate(gateway, bad, consumer.key, 1)
    await rate(gateway, await rent(gateway, consumer, other), consumer.key, 5)
    const idsAt = async (query: string, at = gateway) =>
      (await at.call("GET", `/marketplace/gpu?${query}`)).body.data.map(
        (one: { gpu_id: string }) => one.gpu_id,
      )
    expect(await idsAt("")).toEqual([gpu.id, other.id])
    expect(await idsAt("sort=reputation")).toEqual([other.id, gpu.id])
    const page = await gateway.call("GET", "/marketplace/gpu?sort=reputation&limit=1")
    expect(page.body.next_cursor).toBe(other.id)
    expect(await idsAt(`sort=reputation&cursor=${other.id}`)).toEqual([gpu.id])
    const { body } = await gateway.call("GET", `/marketplace/gpu/${other.id}`)
    expect(body.reputation).toBeGreaterThan(0.9)
    expect(await idsAt(`min_reputation=${body.reputation}`)).toEqual([other.id])
    for (const wrong of ["sort=price", "min_reputation=2", "min_reputation=NaN"])
      expect((await gateway.call("GET", `/marketplace/gpu?${wrong}`)).status, wrong).toBe(400)
    const { folder, clock, adminKey } = gateway
    const known = await gateway.call("GET", `/marketplace/gpu/${gpu.id}/reputation`)
    await gateway.stop()
    const again = await hoursGateway({ folder, clock, adminKey })
    expect(await again.call("GET", `/marketplace/gpu/${gpu.id}/reputation`)).toEqual(known)
    expect((await rate(again, bad, consumer.key, 5)).body.error.code).toBe("already_rated")
    expect(await idsAt("sort=reputation", again)).toEqual([other.id, gpu.id])
    expect((await again.call("DELETE", `/marketplace/gpu/${gpu.id}`, provider.key)).status).toBe(
      204,
    )
  })

  it("are what a provider below its region's lower quartile is told to mend", async () => {
    // What is listed now counts from the opening on, two days ago.
    const { gateway, provider, consumer, gpu } = await opened({ clock: manualClock(49 * hour) })
    for (let count = 0; count < 4; count++)
      await gateway.sell(await gateway.signUp(`other ${count}`))
    await rate(gateway, await rent(gateway, consumer, gpu), consumer.key, 1)
    const { body } = await gateway.call(
      "GET",
      `/marketplace/gpu/${gpu.id}/suggestions`,
      provider.key,
    )
    expect(body.suggestions).toContainEqual(
      expect.objectContaining({
        suggestion: "rebuild_reputation",
        arithmetic: [expect.stringMatching(/^reputation 0\.\d\d < the region's lower quartile/)],
      }),
    )
  })
})

const medical = {
  name: "custom-medical-llm",
  kind: "text",
  contextTokens: 4096,
  inputPricePerToken: "0.0001",
  outputPricePerToken: "0.0001",
  accuracy: 0.95,
}
const plain = { ...medical, name: "plain" }
delete (plain as { accuracy?: number }).accuracy

/** A machine whose host serves calls of a model as well. */
const serving = (gateway: HoursGateway, gpu: { readonly id: string }, name: string): number => {
  const { directory, driver } = gateway.services
  const host = directory.hostByPublicId(gpu.id)!
  const model = directory.modelByName(name)!.id
  const id = directory.instances.nextId()
  const facts = { model, slots: 1, tokensPerSecond: 100 }
  directory.instances.put({
    id,
    host: host.id,
    ...facts,
    upstreamModel: name,
    createdAtMillis: 0,
  })
  const fact = { instance: id, node: host.id, ...facts, isPlatformAsked: false }
  expect(driver.submit({ _tag: "InstanceStarted", ...fact })).toBeUndefined()
  return id
}

describe("specialised models", () => {
  const hosted = {
    model_name: "custom-medical-llm",
    model_path: "/models/medical-llm-v2.pt",
    requirements: { gpu_memory: 16, specialization: "medical_text", accuracy_requirement: 0.95 },
    premium_rate: 0.2,
  }

  it("are hosted as 003 has it: dearer, measured, and in memory that is not sold", async () => {
    const { gateway, provider, gpu, consumer } = await opened({
      settings: { models: [medical, plain] },
    })
    const path = `/marketplace/gpu/${gpu.id}/models`
    const put = (...models: ReadonlyArray<object>) =>
      gateway.call("PUT", path, provider.key, { models })
    const first = await put(hosted)
    expect(first).toMatchObject({
      status: 200,
      body: {
        memory_for_sale_gib: 8,
        models: [
          {
            model_name: "custom-medical-llm",
            model_path: "/models/medical-llm-v2.pt",
            accuracy_requirement: 0.95,
            accuracy: null,
            premium_rate: 0.2,
            state: "not_served",
          },
        ],
      },
    })
    const seen = (await gateway.call("GET", `/marketplace/gpu/${gpu.id}`)).body
    expect(seen.memory_gib).toBe(8)
    expect(JSON.stringify(seen.specialised)).not.toContain("/models/")
    const whole = await gateway.call("POST", "/marketplace/quotes", consumer.key, {
      gpu_id: gpu.id,
      hours: 1,
    })
    expect(whole.body.memory_gib).toBe(8)
    expect((await put({ ...hosted, measured_accuracy: 0.9 })).body.error.code).toBe("not_served")
    serving(gateway, gpu, "custom-medical-llm")
    expect((await put(hosted)).body.models[0].state).toBe("not_measured")
    const states: Array<string> = []
    for (const measured_accuracy of [0.94, 0.95])
      states.push((await put({ ...hosted, measured_accuracy })).body.models[0].state)
    expect(states).toEqual(["below_accuracy", "served"])
    const { data } = (await gateway.call("GET", "/v1/models", consumer.key)).body
    const priceOf = (id: string) =>
      data.find((one: { id: string }) => one.id === id).output_price_per_token
    expect([priceOf("plain"), priceOf("custom-medical-llm")]).toEqual(["0.0001", "0.00012"])
    expect((await put()).body).toMatchObject({ memory_for_sale_gib: 24, models: [] })
  })

  it("refuse what the market does not do, and change nothing then", async () => {
    const { gateway, provider, consumer, gpu } = await opened({
      settings: { models: [medical, plain] },
    })
    const path = `/marketplace/gpu/${gpu.id}/models`
    const errorOf = async (...models: ReadonlyArray<object>) => {
      const { status, body } = await gateway.call("PUT", path, provider.key, { models })
      return [status, body.error.code]
    }
    expect(await errorOf({ model_name: "unheard-of" })).toEqual([404, "not_found"])
    expect(await errorOf({ model_name: "plain" })).toEqual([409, "not_specialised"])
    expect(await errorOf(hosted, hosted)).toEqual([400, "invalid_request"])
    expect(await errorOf({ ...hosted, premium_rate: 0.3 })).toEqual([409, "premium_of_market"])
    const wanting = (requirements: object) => ({ ...hosted, requirements })
    expect(await errorOf(wanting({ accuracy_requirement: 0.5 }))).toEqual([
      409,
      "accuracy_of_market",
    ])
    expect(await errorOf(wanting({ gpu_memory: 24 }))).toEqual([400, "invalid_request"])
    expect(await errorOf({ ...hosted, measured_accuracy: 1.5 })).toEqual([400, "invalid_request"])
    const whole = await book(gateway, consumer, gpu)
    expect(await errorOf(hosted)).toEqual([409, "booked"])
    await gateway.call("POST", `/marketplace/bookings/${whole}/cancel`, consumer.key)
    expect((await gateway.call("PUT", path, consumer.key, { models: [] })).status).toBe(403)
    expect((await gateway.call("GET", path, provider.key)).body.models).toEqual([])
  })

  it("are measured by the platform alone where the market is hardened", async () => {
    const { gateway, provider, gpu } = await opened({
      preset: "aitbc-hardened",
      settings: { models: [medical, plain] },
    })
    serving(gateway, gpu, "custom-medical-llm")
    const path = `/marketplace/gpu/${gpu.id}/models`
    const own = await gateway.call("PUT", path, provider.key, {
      models: [{ ...hosted, measured_accuracy: 1 }],
    })
    expect(own).toMatchObject({ status: 403, body: { error: { code: "accuracy_of_market" } } })
    await gateway.call("PUT", path, provider.key, { models: [hosted] })
    const audit = (body: object, key = gateway.adminKey) =>
      gateway.call("POST", "/admin/audits", key, { kind: "accuracy", ...body })
    const measured = { host_id: gpu.id, model: "custom-medical-llm", score: 0.96 }
    expect((await audit(measured, provider.key)).status).toBe(403)
    expect((await audit({ ...measured, score: undefined })).body.error.param).toBe("score")
    expect((await audit({ ...measured, model: "plain" })).body.error.code).toBe("not_specialised")
    expect((await audit({ ...measured, host_id: "host_none" })).status).toBe(404)
    expect((await audit({ ...measured, score: 0.5 })).body.finding).toBe("below_accuracy")
    expect((await audit(measured)).body.finding).toBe("accurate")
    const view = (await gateway.call("GET", path, provider.key)).body.models[0]
    expect(view).toMatchObject({ accuracy: 0.96 })
    expect(view.state).not.toBe("below_accuracy")
    const log = await gateway.call("GET", "/admin/audit", gateway.adminKey)
    expect(log.body.data[0]).toMatchObject({ finding: "AccuracyMeasured", subject: provider.id })
  })
})

describe("answers that are run again", () => {
  it("are told by the platform: one that is another's is fraud, once", async () => {
    const { gateway, consumer, gpu, provider } = await opened({
      knobs: { quality: { auditShare: 1 } },
      settings: { models: [plain] },
    })
    const { directory, driver } = gateway.services
    serving(gateway, gpu, "plain")
    const account = [...directory.accounts.all()].find(
      ({ publicId }) => publicId === consumer.id,
    )!.id
    const request = driver.nextRequest()
    const model = directory.modelByName("plain")!.id
    driver.submit({
      _tag: "RequestArrived",
      request,
      account,
      model,
      inputTokens: 4,
      maxTokens: 100,
    })
    driver.submit({
      _tag: "AttemptEnded",
      request,
      attempt: openAttempts(driver.market).find((one) => one.request === request)?.attempt ?? -1,
      outcome: "completed",
      outputTokens: 100,
      reportedTokens: 100,
      decodeMicros: second,
      retryAfterMicros: 0,
    })
    expect(openRechecks(driver.market)).toHaveLength(1)
    const listed = await gateway.call("GET", "/admin/audits", gateway.adminKey)
    expect(listed.body.data).toMatchObject([
      { recheck_id: String(request), host_id: gpu.id, model: "plain" },
    ])
    const audit = (body: object) =>
      gateway.call("POST", "/admin/audits", gateway.adminKey, { kind: "quality", ...body })
    expect((await audit({ is_same: true })).body.error.param).toBe("recheck_id")
    expect((await audit({ recheck_id: "1" })).body.error.param).toBe("is_same")
    expect((await audit({ recheck_id: "999", is_same: true })).status).toBe(404)
    const found = await audit({ recheck_id: String(request), is_same: false })
    expect(found.body).toEqual({
      kind: "quality",
      host_id: gpu.id,
      model: "plain",
      finding: "fraud",
    })
    expect((await audit({ recheck_id: String(request), is_same: true })).status).toBe(404)
    const log = await gateway.call("GET", "/admin/audit", gateway.adminKey)
    expect(log.body.data.map(({ finding }: { finding: string }) => finding)).toContain(
      "QualityFailed",
    )
    expect(log.body.data.map(({ subject }: { subject: string }) => subject)).toContain(provider.id)
    expect((await gateway.call("GET", "/admin/audits", consumer.key)).status).toBe(403)
  })
})
