import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import type { AgentEvent, Booking } from "../../../live/client.ts"
import { ComputeClient, ComputeProvider, HostAgent } from "../../../live/client.ts"
import { hooksFrom } from "../../../live/agent/hours/hooks.ts"
import { runningGateway } from "../support/gateway.ts"

const until = async <A>(ask: () => Promise<A>, isThere: (one: A) => boolean): Promise<A> => {
  for (let wait = 0; wait < 400; wait++) {
    const found = await ask()
    if (isThere(found)) return found
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  throw new Error("it did not come")
}

/** The gateway on the machine's own clock: what is booked begins within a second or two. */
const opened = async (settings: Readonly<Record<string, unknown>> = {}) => {
  const gateway = await runningGateway({
    economy: { preset: "aitbc", knobs: { promotion: { grantCredits: 5 } } },
    hosts: { heartbeatSeconds: 1, pollSeconds: 1, allowedNetworks: ["127.0.0.0/8"] },
    ...settings,
  })
  const signUp = async (name: string): Promise<string> => {
    const response = await fetch(`${gateway.url}/accounts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    })
    return ((await response.json()) as { api_key: string }).api_key
  }
  const baseUrl = gateway.url
  const apiKey = await signUp("provider")
  const client = new ComputeClient({ baseUrl, apiKey: await signUp("consumer") })
  return { gateway, baseUrl, apiKey, client }
}

/** 003's figures. */
const registration = {
  name: "gpu-agent-alpha",
  capabilities: {
    computeType: "inference",
    gpuMemory: 24,
    supportedModels: ["llama3.2", "mistral", "deepseek"],
    performanceScore: 0.95,
    maxConcurrentJobs: 3,
    specialization: "text_generation",
  },
  pricingModel: { baseRatePerHour: 0.1, peakMultiplier: 1.5, bulkDiscount: 0.8 },
} as const

const escrowOf = ({ escrow }: Booking): string => escrow

describe("a provider", () => {
  it(
    "registers, sets its week and its price, offers, delivers, earns",
    { timeout: 60_000 },
    async () => {
      const { baseUrl, apiKey, client } = await opened()
      const provider = await ComputeProvider.register({ baseUrl, apiKey, ...registration })
      onTestFinished(() => provider.stop())
      expect(provider.listingUrl).toBe(`${baseUrl}/#gpu/${provider.id}`)
      expect(await provider.listing()).toMatchObject({
        phase: "draft",
        maxJobs: 3,
        basePrice: "0.10",
        capabilities: { supportedModels: ["llama3.2", "mistral", "deepseek"] },
      })
      const listing = await provider.setAvailability({
        schedule: {
          timezone: "UTC",
          availability: [{ days: ["monday", "tuesday"], hours: "00:00-24:00" }],
          maintenanceWindows: [{ day: "tuesday", hours: "02:00-04:00" }],
        },
      })
      expect(listing.scheduleText).toContain("46 h a week")
      await provider.setAvailability({ schedule: null })
      const pricing = { baseRate: 0.1, demandThreshold: 0.8, maxMultiplier: 2 }
      await expect(
        provider.enableDynamicPricing({ ...pricing, adjustmentFrequency: "5min" }),
      ).rejects.toThrow("every 15min")
      const priced = await provider.enableDynamicPricing({
        ...pricing,
        adjustmentFrequency: "15min",
      })
      expect(priced).toMatchObject({ strategy: "dynamic", phase: "draft" })
      const events: Array<AgentEvent> = []
      await provider.startOffering({
        grant: { endpoint: "https://gpu.example/{booking_id}" },
        onEvent: (event) => events.push(event),
      })
      expect(await client.gpus({ model: "mistral", available: true })).toHaveLength(1)
      const wish = { gpuId: provider.id, hours: 1, jobs: 1, memoryGib: 8 }
      expect((await client.quote(wish)).price).toBe("0.10")
      const booked = await client.book({ ...wish, maxPrice: 0.2, idempotencyKey: "one" })
      expect((await client.book({ ...wish, maxPrice: 0.2, idempotencyKey: "one" })).bookingId).toBe(
        booked.bookingId,
      )
      const active = await until(
        () => client.booking(booked.bookingId),
        (one) => escrowOf(one) === "active",
      )
      expect(active.access).toBe(`https://gpu.example/${booked.bookingId}`)
      const ended = await client.end(booked.bookingId)
      expect(ended).toMatchObject({ escrow: "released", access: null })
      await until(
        () => Promise.resolve(events),
        (all) => all.some(({ type }) => type === "revoked"),
      )
      const earnings = await provider.getEarnings({ breakdownBy: ["client", "hour"] })
      expect(earnings.by["client"]).toHaveLength(1)
      expect((await provider.status()).soldHours).toBeGreaterThanOrEqual(0)
      expect(await client.bookings()).toHaveLength(1)
      expect((await client.hourRates())[0]?.offered).toBe(1)
      await expect(client.confirm(booked.bookingId)).rejects.toMatchObject({
        status: 409,
        code: "wrong_step",
      })
    },
  )

  it("gives what its programs write, run without a shell, and ends it by one", async () => {
    const booking = {
      booking_id: "bk_1; touch /tmp/never",
      state: "grant",
      start: "2026-01-01T00:00:00.000Z",
      end: "2026-01-01T01:00:00.000Z",
      jobs: 1,
      memory_gib: 8,
      consumer: "acct_1",
    } as const
    const hooks = hooksFrom({
      start: [
        process.execPath,
        "-e",
        "console.log(process.argv[1], process.env.EVENKEEL_JOBS)",
        "{booking_id}",
      ],
      stop: [process.execPath, "-e", "process.exit(3)"],
    })
    expect(await hooks.start(booking)).toEqual({ access: "bk_1; touch /tmp/never 1" })
    await expect(hooks.stop(booking)).rejects.toThrow("Command failed")
    expect(() => hooksFrom({})).toThrow("expected one of them")
    expect(() => hooksFrom({ endpoint: "x", start: ["y"] })).toThrow("expected one of them")
  })

  it("is an agent that serves calls as well", { timeout: 60_000 }, async () => {
    const { gateway, baseUrl, apiKey, client } = await opened()
    const marks = join(gateway.folder, "marks")
    writeFileSync(marks, "")
    const program = (word: string) => [
      process.execPath,
      "-e",
      `require("fs").appendFileSync(process.argv[1], "${word} "); console.log("${word}")`,
      marks,
    ]
    const agent = new HostAgent({
      apiUrl: baseUrl,
      apiKey,
      backend: "simulated",
      models: ["small"],
      slots: 2,
      tokensPerSecond: 100,
      stateFile: join(gateway.folder, "agent.json"),
      handlesSignals: false,
      hours: {
        listing: { name: "both", memory_gib: 24, base_price: "0.05" },
        grant: { start: program("begun"), stop: program("over") },
      },
    })
    const { hostId } = await agent.register()
    const serving = agent.serve()
    onTestFinished(async () => {
      await agent.stop()
      await serving
    })
    await until(
      () => client.gpus(),
      (all) => all.some(({ gpuId, models }) => gpuId === hostId && models.includes("small")),
    )
    const { bookingId } = await client.book({ gpuId: hostId, hours: 1 })
    const active = await until(
      () => client.booking(bookingId),
      ({ escrow }) => escrow === "active",
    )
    expect(active.access).toBe("begun")
  })

  it(
    "is measured by probes of what it granted, where the economy asks",
    { timeout: 60_000 },
    async () => {
      let status = 200
      const machine = createServer((_request, response) => response.writeHead(status).end()).listen(
        0,
        "127.0.0.1",
      )
      await once(machine, "listening")
      onTestFinished(() => {
        machine.closeAllConnections()
        machine.close()
      })
      const { baseUrl, apiKey, client } = await opened({
        economy: {
          preset: "aitbc-hardened",
          knobs: { escrow: { bondHours: 0 }, promotion: { grantCredits: 5 } },
        },
        hours: { probeSeconds: 0.2, probeTimeoutSeconds: 1 },
      })
      const provider = await ComputeProvider.register({ baseUrl, apiKey, ...registration })
      onTestFinished(() => provider.stop())
      const { port } = machine.address() as AddressInfo
      await provider.startOffering({ grant: { endpoint: `http://127.0.0.1:${port}/` } })
      const { bookingId } = await client.book({ gpuId: provider.id, hours: 1 })
      const isDown = (down: boolean) =>
        until(
          () => client.booking(bookingId),
          (one) => one.escrow === "active" && one.isDown === down,
        )
      await isDown(false)
      status = 503
      await isDown(true)
      status = 404
      expect((await isDown(false)).escrow).toBe("active")
    },
  )
})
