/**
 * The real gateway, killed with SIGKILL again and again over the lives of bookings: ordered, granted, begun,
 * ended, confirmed, disputed, ruled on, cancelled. Each closes exactly once, its parts are its price, and what
 * people are told of it is what the journal has. So does each offer of a contract, with one booking at most.
 */
import { Effect } from "effect"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import type { Command } from "../../../engine/index.ts"
import { bookingViews, booksView, drawBelow, openStream } from "../../../engine/index.ts"
import { ComputeClient, ComputeProvider } from "../../../live/client.ts"
import { readStopped } from "../support/stopped-journal.ts"
import { freePort, serve } from "../support/served.ts"
import { openedStore, temporaryFolder } from "../support/data-directory.ts"

const kills = Number(
  process.env["EVENKEEL_KILLS"] ?? (process.env["EVENKEEL_LONG"] === "1" ? 1_000 : 1),
)
const seed = process.env["EVENKEEL_CRASH_SEED"] ?? "crashes of hours"

/** Seconds stand for hours. */
const settings = `
log: { level: error }
# A busy machine is no reason to fail the test.
limits: { loopDelayMillis: 0 }
economy:
  preset: aitbc
  knobs:
    promotion: { grantCredits: 0 }
    listings: { minHours: 0.0001 }
    escrow: { confirm: consumer, confirmHours: 0.0005, startGraceMinutes: 0.05, lostGraceMinutes: 0.05 }
    disputes: { answerHours: 0.0005, rulingHours: 0.0005 }
    contracts: { offerHours: 0.0008 }
hosts: { heartbeatSeconds: 1, pollSeconds: 1 }
`

type Of<T extends Command["_tag"]> = Extract<Command, { readonly _tag: T }>

describe("a gateway that is killed while hours are sold", () => {
  const timeout = 180_000 + kills * 60_000
  it("closes each booking once, for its price", { timeout }, async () => {
    const chance = openStream(seed, "kill", 0)
    const choice = openStream(seed, "deed", 0)
    const folder = temporaryFolder()
    writeFileSync(join(folder, "gateway.yaml"), settings)
    const port = await freePort()
    const baseUrl = `http://127.0.0.1:${port}`
    let gateway = await serve(folder, port)
    const { adminKey = "" } = gateway
    const post = async (path: string, key: string | undefined, body: object) => {
      const response = await fetch(baseUrl + path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(body),
      })
      return (await response.json()) as Record<string, unknown>
    }
    const signUp = async (name: string) => {
      const answer = await post("/accounts", undefined, { name })
      return { id: String(answer["account_id"]), key: String(answer["api_key"]) }
    }
    const seller = await signUp("seller")
    const buyer = await signUp("buyer")
    await post(`/admin/accounts/${buyer.id}/top-up`, adminKey, { transfer_id: "1", amount: "1000" })
    const provider = await ComputeProvider.register({
      baseUrl,
      apiKey: seller.key,
      name: "machine",
      capabilities: { gpuMemory: 24, supportedModels: [], maxConcurrentJobs: 4 },
      pricingModel: { baseRatePerHour: 36 },
    })
    await provider.startOffering({ grant: { endpoint: "ssh {booking_id}@gpu.example" } })
    const client = new ComputeClient({ baseUrl, apiKey: buyer.key })
    const dealing = new ComputeProvider({ baseUrl, gpuId: provider.id, apiKey: seller.key })
    const selling = new ComputeClient({ baseUrl, apiKey: seller.key })

    let isOver = false
    let orders = 0
    const acknowledged = new Set<string>()
    /** One life after the other; what a kill breaks off goes on, or ends by itself. */
    const live = async (): Promise<void> => {
      while (!isOver)
        try {
          const idempotencyKey = `order-${++orders}`
          const { bookingId } = await client.book({
            gpuId: provider.id,
            hours: (1 + drawBelow(choice, 3)) / 3600,
            jobs: 1,
            memoryGib: 1,
            idempotencyKey,
          })
          acknowledged.add(bookingId)
          await pause(drawBelow(choice, 2500))
          const deeds = [
            () => client.end(bookingId),
            () => client.cancel(bookingId),
            () => client.confirm(bookingId),
            async () => {
              await client.dispute(bookingId, "so")
              await selling.answer(bookingId, "no")
              await post(`/admin/disputes/${bookingId}/ruling`, adminKey, { consumer_share: 0.4 })
            },
            async () => {},
          ]
          await deeds[drawBelow(choice, deeds.length)]?.()
        } catch {
          await pause(50)
        }
    }
    const offered = new Set<string>()
    /** Offers that are accepted, declined, withdrawn, or run out. */
    const deal = async (): Promise<void> => {
      while (!isOver)
        try {
          const { contractId } = await dealing.createContract({
            clientId: buyer.id,
            durationHours: (1 + drawBelow(choice, 2)) / 3600,
            fixedRate: 36,
            guaranteedAvailability: 0.9,
            jobs: 1,
            memoryGib: 1,
            idempotencyKey: `offer-${++orders}`,
          })
          offered.add(contractId)
          await pause(drawBelow(choice, 1000))
          const answers = [
            () => client.acceptContract(contractId),
            () => client.acceptContract(contractId),
            () => client.declineContract(contractId),
            () => dealing.withdrawContract(contractId),
            async () => {},
          ]
          await answers[drawBelow(choice, answers.length)]?.()
        } catch {
          await pause(50)
        }
    }
    const lives = [live(), live(), live(), deal()]
    for (let kill = 0; kill < kills; kill++) {
      const before = acknowledged.size
      for (let wait = 0; acknowledged.size === before && wait < 600; wait++) await pause(50)
      await pause(drawBelow(chance, 2000))
      gateway.process.kill("SIGKILL")
      await once(gateway.process, "exit")
      gateway = await serve(folder, port)
    }
    isOver = true
    await Promise.all(lives)
    /** Whatever nobody ends any more ends by itself. */
    const isQuiet = async (): Promise<boolean> => {
      for (const open of ["contracts?state=offered", "bookings?state=open"]) {
        const response = await fetch(`${baseUrl}/marketplace/${open}`, {
          headers: { authorization: `Bearer ${adminKey}` },
        })
        if (((await response.json()) as { data: ReadonlyArray<unknown> }).data.length > 0)
          return false
      }
      return true
    }
    for (let wait = 0; wait < 600 && !(await isQuiet()); wait++) await pause(100)
    await provider.stop()
    gateway.process.kill("SIGTERM")
    const [code] = (await once(gateway.process, "exit")) as [number]
    expect(code, "exit code of an orderly end").toBe(0)

    const { replayed, commands } = await readStopped(folder)
    expect(replayed.difference).toBeUndefined()
    expect(replayed.balanceSum).toBe(0)
    expect(bookingViews(replayed.market), "bookings that are not over").toEqual([])
    expect(booksView(replayed.market).held, "held credits").toBe(0)
    const of = <T extends Command["_tag"]>(tag: T) =>
      commands.filter((command): command is Of<T> => command._tag === tag)
    const sold = of("Book")
    const closed = of("Close")
    expect(sold.length, `bookings, seed ${seed}`).toBeGreaterThan(kills)
    expect(closed.map(({ booking }) => booking).toSorted((a, b) => a - b)).toEqual(
      sold.map(({ booking }) => booking),
    )
    const drawnOf = new Map<number, number>()
    for (const { booking, drawn } of of("Release"))
      drawnOf.set(booking, (drawnOf.get(booking) ?? 0) + drawn)
    for (const { booking, price, drawn, refund } of closed) {
      expect(drawn + refund, `booking ${booking}`).toBe(price)
      expect(drawn, `booking ${booking}`).toBe(drawnOf.get(booking) ?? 0)
    }

    // What people are told is the same, to the last step.
    const { store } = await openedStore(join(folder, "data"))
    const records = await Effect.runPromise(store.records("bookings"))
    const told = records.map(
      ({ record }) => JSON.parse(record) as { publicId: string; drawn: number; closedAt?: number },
    )
    expect(told).toHaveLength(sold.length)
    expect(told.every(({ closedAt }) => closedAt !== undefined)).toBe(true)
    expect(told.map(({ drawn }) => drawn)).toEqual(
      sold.map(({ booking }) => drawnOf.get(booking) ?? 0),
    )
    const known = new Set(told.map(({ publicId }) => publicId))
    expect(
      [...acknowledged].filter((id) => !known.has(id)),
      "acknowledged",
    ).toEqual([])
    const offers = (await Effect.runPromise(store.records("offers"))).map(
      ({ record }) =>
        JSON.parse(record) as { id: number; publicId: string; outcome?: string; booking?: number },
    )
    expect(offers.length, "offers").toBeGreaterThan(0)
    expect(of("Offer").map(({ contract }) => contract)).toEqual(offers.map(({ id }) => id))
    expect(offers.map(({ id, outcome }) => [id, outcome])).toEqual(
      of("CloseOffer")
        .toSorted((one, other) => one.contract - other.contract)
        .map(({ contract, outcome }) => [contract, outcome]),
    )
    const isSold = new Set<number>(sold.map(({ booking }) => booking))
    const accepted = offers.filter(({ outcome }) => outcome === "accepted")
    expect(accepted.every(({ booking = -1 }) => isSold.has(booking))).toBe(true)
    expect(new Set(accepted.map(({ booking }) => booking)).size).toBe(accepted.length)
    const knownOffers = new Set(offers.map(({ publicId }) => publicId))
    expect([...offered].filter((id) => !knownOffers.has(id))).toEqual([])
    const steps = await Effect.runPromise(store.bookingSteps({ afterId: 0, count: 1_000_000 }))
    for (const kind of ["ordered", "closed"])
      expect(
        steps
          .filter((step) => step.kind === kind)
          .map(({ booking }) => booking)
          .toSorted((a, b) => a - b),
        kind,
      ).toEqual(sold.map(({ booking }) => booking))
  })
})
