import { describe, expect, it } from "vitest"
import { manualClock } from "../support/manual-clock.ts"
import { hour, hoursGateway } from "./hours-gateway.ts"

const opened = async (options: Parameters<typeof hoursGateway>[0] = {}) => {
  const gateway = await hoursGateway(options)
  const provider = await gateway.signUp("provider")
  return { gateway, provider }
}

/** 003's schedule. */
const schedule = {
  timezone: "UTC",
  availability: [
    { days: ["monday", "tuesday", "wednesday", "thursday", "friday"], hours: "09:00-17:00" },
    { days: ["saturday", "sunday"], hours: "00:00-24:00" },
  ],
  maintenance_windows: [{ day: "sunday", hours: "02:00-04:00" }],
}

/** The next one that is more than a month ahead. */
const lastSundayOfMarch = (now: Date): string => {
  for (let year = now.getUTCFullYear(); ; year++) {
    const day = new Date(Date.UTC(year, 2, 31))
    day.setUTCDate(31 - day.getUTCDay())
    if (day.getTime() > now.getTime() + 32 * 86_400_000) return day.toISOString().slice(0, 10)
  }
}

describe("a machine that is sold by the hour", () => {
  it("is registered, listed by its region, changed, and removed with its host", async () => {
    const { gateway, provider } = await opened()
    const gpu = await gateway.sell(provider, { region: "us-west", strategy: undefined })
    expect(gpu.view).toMatchObject({
      name: "My-GPU",
      phase: "open",
      region: "us-west",
      timezone: "America/Los_Angeles",
      strategy: "market-balance",
      price_per_hour: "0.10",
      cuda_version: "12.1",
      memory_gib: 24,
      schedule_text: "Always open.",
    })
    const listed = async (query: string) =>
      (await gateway.call("GET", `/marketplace/gpu?${query}`)).body.data.map(
        ({ gpu_id }: { gpu_id: string }) => gpu_id,
      )
    expect(await listed("region=us-west")).toEqual([gpu.id])
    expect(await listed("region=us-east")).toEqual([])
    expect(await listed("max_price=0.05")).toEqual([])
    expect(await listed("available=true")).toEqual([gpu.id])
    const path = `/marketplace/gpu/${gpu.id}`
    const change = { strategy: "utilization-guard", base_price: "0.07", is_offered: false }
    const changed = await gateway.call("PATCH", path, provider.key, change)
    expect(changed.body).toMatchObject({
      strategy: "utilization-guard",
      base_price: "0.07",
      phase: "paused",
      peak_multiplier: 1.5,
    })
    expect(await listed("")).toEqual([])
    const mine = await gateway.call("GET", "/marketplace/gpu?mine=true", provider.key)
    expect(mine.body.data).toHaveLength(1)
    expect((await gateway.call("DELETE", path, provider.key)).status).toBe(204)
    expect((await gateway.call("GET", path)).status).toBe(404)
    expect((await gateway.call("GET", `/hosts/${gpu.id}`)).status).toBe(404)
  })

  it("is its provider's alone to change", async () => {
    const { gateway, provider } = await opened()
    const gpu = await gateway.sell(provider)
    const stranger = await gateway.signUp("stranger")
    const path = `/marketplace/gpu/${gpu.id}`
    for (const [method, of, body] of [
      ["PATCH", "", {}],
      ["PUT", "/pricing", {}],
      ["PUT", "/availability", { schedule: null }],
      ["GET", "/status", undefined],
      ["GET", "/earnings", undefined],
      ["DELETE", "", undefined],
    ] as const)
      expect((await gateway.call(method, path + of, stranger.key, body)).status).toBe(403)
  })

  it("stays while hours of it are sold, and its host with it", async () => {
    const { gateway, provider } = await opened()
    const consumer = await gateway.signUp("consumer", "10")
    const gpu = await gateway.sell(provider)
    const order = { gpu_id: gpu.id, hours: 1 }
    const { body } = await gateway.call("POST", "/marketplace/bookings", consumer.key, order)
    const path = `/marketplace/gpu/${gpu.id}`
    expect((await gateway.call("DELETE", path, provider.key)).body.error.code).toBe("booked")
    const smaller = await gateway.call("PATCH", path, provider.key, { memory_gib: 8 })
    expect(smaller.body.error.code).toBe("booked")
    const leaving = await gateway.call("DELETE", `/hosts/${gpu.id}`, provider.key)
    expect(leaving.body.status).toBe("leaving")
    const late = await gateway.call("POST", "/marketplace/bookings", consumer.key, order)
    expect(late.body.error.code).toBe("not_open")
    await gateway.call("POST", `/marketplace/bookings/${body.booking_id}/cancel`, consumer.key)
    expect((await gateway.call("GET", `/hosts/${gpu.id}`)).status).toBe(404)
  })

  it("is open by its schedule, which the calendar shows", async () => {
    const { gateway, provider } = await opened()
    const gpu = await gateway.sell(provider, { schedule })
    expect(gpu.view.schedule_text).toContain("86 h a week")
    const calendar = await gateway.call("GET", `/marketplace/gpu/${gpu.id}/calendar?days=7`)
    const open = calendar.body.open.reduce(
      (sum: number, { from, until }: { from: string; until: string }) =>
        sum + (Date.parse(until) - Date.parse(from)) / 3_600_000,
      0,
    )
    expect(open).toBeCloseTo(86, 3)
    const always = await gateway.call(
      "PUT",
      `/marketplace/gpu/${gpu.id}/availability`,
      provider.key,
      { schedule: null },
    )
    expect(always.body.schedule_text).toBe("Always open.")
  })

  it.each([
    [{ ...schedule, timezone: "Mars/Olympus" }, "schedule.timezone"],
    [{ ...schedule, timezone: "EST" }, "schedule.timezone"],
    [
      { ...schedule, availability: [{ days: ["someday"], hours: "09:00-17:00" }] },
      "schedule.availability.0.days.0",
    ],
    [
      { ...schedule, availability: [{ days: ["monday"], hours: "17:00-17:00" }] },
      "schedule.availability.0.hours",
    ],
    [
      {
        ...schedule,
        maintenance_windows: [{ from: "2030-01-02T00:00", until: "2030-01-01T00:00" }],
      },
      "schedule.maintenance_windows.0.until",
    ],
    [{ timezone: "UTC", availability: [] }, "schedule.availability"],
  ])("is refused with the schedule %j", async (wrong, param) => {
    const { gateway, provider } = await opened()
    const gpu = await gateway.sell(provider)
    const answer = await gateway.call(
      "PUT",
      `/marketplace/gpu/${gpu.id}/availability`,
      provider.key,
      { schedule: wrong },
    )
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } })
  })

  it("opens later where the clock is put forward over its opening", async () => {
    // On the last Sunday of March, Berlin's clock shows no time from 02:00 to 03:00.
    const sunday = lastSundayOfMarch(new Date())
    const at = (time: string) => `${sunday}T${time}:00Z`
    const monthBefore = (Date.parse(at("00:00")) - Date.now()) * 1000 - 30 * 24 * hour
    const { gateway, provider } = await opened({ clock: manualClock(monthBefore) })
    const gpu = await gateway.sell(provider, {
      region: "eu-central",
      schedule: { timezone: "Europe/Berlin", availability: { sunday: ["02:30-05:00"] } },
    })
    const quote = (start: string, end: string) =>
      gateway.call("POST", "/marketplace/quotes", undefined, {
        gpu_id: gpu.id,
        start: at(start),
        end: at(end),
      })
    expect((await quote("01:00", "03:00")).body.error.code).toBe("off_schedule")
    expect(await quote("01:30", "03:00")).toMatchObject({
      status: 200,
      body: { hours: 1.5, price: "0.15" },
    })
    expect((await quote("01:30", "03:30")).body.error.code).toBe("off_schedule")
  })

  it.each([
    [{ region: "atlantis" }, "region"],
    [{ base_price: "free" }, "base_price"],
    [{ memory_gib: 0 }, "memory_gib"],
    [{ max_jobs: 0 }, "max_jobs"],
    [{ strategy: "greedy" }, "strategy"],
    [{ peak_multiplier: 0.5 }, "peak_multiplier"],
    [{ bulk_discount: 2 }, "bulk_discount"],
    [{ host_id: "host_nobody" }, null],
    [{ colour: "red" }, "colour"],
  ])("is refused where it is registered with %j", async (terms, param) => {
    const { gateway, provider } = await opened()
    const answer = await gateway.call("POST", "/marketplace/gpu", provider.key, {
      name: "My-GPU",
      memory_gib: 24,
      base_price: "0.05",
      ...terms,
    })
    expect(answer.status).toBe(param === null ? 404 : 400)
    expect(answer.body.error.param).toBe(param)
  })

  it("earns what was paid for it, by client and by hour, and shows how it does", async () => {
    const { gateway, provider } = await opened()
    const consumer = await gateway.signUp("consumer", "10")
    const gpu = await gateway.sell(provider)
    const order = { gpu_id: gpu.id, hours: 1 }
    const { body } = await gateway.call("POST", "/marketplace/bookings", consumer.key, order)
    await gateway.pass(2_000_000, gpu)
    await gateway.call("POST", `/marketplace/bookings/${body.booking_id}/start`, gpu.key, {})
    await gateway.pass(hour, gpu)
    const earnings = await gateway.call(
      "GET",
      `/marketplace/gpu/${gpu.id}/earnings?period=30d&by=client,model,hour`,
      provider.key,
    )
    expect(earnings.body).toMatchObject({
      gross: "0.10",
      fee: "0.012",
      total: "0.088",
      top_client: consumer.id,
      realized_rate: "0.10",
      bookings: 1,
      by: {
        client: [{ key: consumer.id, share: "0.088", bookings: 1 }],
        model: [{ key: "hours" }],
      },
    })
    // An hour that begins within one of the clock's is of two of them.
    const byHour: ReadonlyArray<{ readonly share: string }> = earnings.body.by.hour
    expect(byHour.length).toBeLessThanOrEqual(2)
    expect(byHour.reduce((sum, { share }) => sum + Number(share), 0)).toBeCloseTo(0.088, 6)
    const status = await gateway.call("GET", `/marketplace/gpu/${gpu.id}/status`, provider.key)
    expect(status.body).toMatchObject({ sold_hours: 1, realized_rate: "0.10", running: [] })
    const rates = await gateway.call("GET", "/marketplace/rates")
    const [first] = rates.body.data
    expect(first).toMatchObject({ region: "default", offered: 1, median: "0.10" })
    expect(first.hours).toHaveLength(24)
    const sold = first.hours.filter(({ sold_hours }: { sold_hours: number }) => sold_hours > 0)
    expect(sold.every(({ rate }: { rate: string }) => rate === "0.10")).toBe(true)
    expect(sold.length).toBeGreaterThan(0)
  })

  it("is not sold where the economy sells no hours", async () => {
    const { gateway, provider } = await opened({ preset: "pooled" })
    const answer = await gateway.call("POST", "/marketplace/gpu", provider.key, {
      name: "My-GPU",
      memory_gib: 24,
      base_price: "0.05",
    })
    expect(answer).toMatchObject({ status: 409, body: { error: { code: "hours_not_sold" } } })
  })
})
