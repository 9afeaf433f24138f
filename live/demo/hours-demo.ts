/**
 * `evenkeel demo --economy aitbc`: hours of machines. Three machines of different strategies are registered
 * and offered through the agent protocol; one buyer books all of them. One machine delivers, one is in
 * dispute over what it delivered, one fails to give access. Seconds stand for hours: a second costs here what
 * an hour would elsewhere, and nobody waits for long.
 */
import { Effect, Exit, Scope } from "effect"
import { setTimeout as pause } from "node:timers/promises"
import { alignColumns, note, printResult } from "../../platform/terminal/output.ts"
import type { Booking } from "../client.ts"
import { ComputeClient, ComputeError, ComputeProvider } from "../client.ts"
import { configFrom } from "../config/load-config.ts"
import { startGateway } from "../start/start.ts"
import { DemoFailed } from "./failure.ts"
import { inTurn } from "./in-turn.ts"
import type { Member } from "./member.ts"
import type { Platform } from "./platform.ts"
import { memberOf, platformAt } from "./platform.ts"
import { replayOf } from "./replayed.ts"
import { statementsTable } from "./report.ts"

const hoursPerSecond = 1 / 3600
/** Credits a second, about. */
const ratePerHour = 0.1 / hoursPerSecond
const bookedSeconds = 4

const machines = [
  { name: "RTX 4090, delivers", strategy: "market-balance", doesStart: true },
  { name: "A100, is disputed", strategy: "peak-maximizer", doesStart: true },
  { name: "RTX 3060, fails", strategy: "utilization-guard", doesStart: false },
] as const

interface HoursReport {
  readonly gpus: ReadonlyArray<{
    readonly gpu: string
    readonly name: string
    readonly strategy: string
    readonly pricePerHour: string
    readonly earned: string
  }>
  readonly bookings: ReadonlyArray<Booking>
  /** Why a second order for the same time was not sold. */
  readonly declined: string
  readonly members: ReadonlyArray<Member>
  readonly scale: number
  readonly journal: object
  readonly replay: "identical" | "different"
  readonly balanceSum: number
}

const hoursConfig = configFrom("the demonstration's settings", {
  listen: { port: 0 },
  log: { level: "silent" },
  economy: {
    preset: "aitbc",
    knobs: {
      listings: { minHours: hoursPerSecond },
      escrow: { startGraceMinutes: 0.1, lostGraceMinutes: 0.5 },
    },
  },
  hosts: { heartbeatSeconds: 1, pollSeconds: 5 },
  accounts: { signUpsPerHour: 100 },
  // A busy machine is no reason to turn anybody away here.
  limits: { loopDelayMillis: 0 },
})

export const showHours = (directory: string, isJson: boolean) =>
  Effect.gen(function* () {
    const config = yield* hoursConfig
    const scope = yield* Scope.make()
    const gateway = yield* startGateway({ config, dataDirectory: directory, logger: false }).pipe(
      Scope.extend(scope),
    )
    yield* note(
      `A market on ${gateway.url}: three machines by the hour, one buyer; a second stands for an hour …`,
    )
    const happened = yield* Effect.tryPromise({
      try: () => live(gateway.url, platformAt(gateway.url, gateway.adminSecret ?? "")),
      catch: (cause) => new DemoFailed({ message: String(cause) }),
    }).pipe(Effect.onExit((exit) => Scope.close(scope, exit)))
    yield* Scope.close(scope, Exit.void)
    const { market, totals: _ofCalls, ...replayed } = yield* replayOf(directory)
    const report: HoursReport = {
      ...happened,
      scale: market.economy.money.scale,
      ...replayed,
    }
    yield* printResult(isJson, report, () => hoursText(report))
    if (report.replay !== "identical" || report.balanceSum !== 0 || !doAddUp(report))
      return yield* new DemoFailed({
        message: "The bookings do not add up, or the journal did not replay to the same.",
      })
  })

/** Of each booking: what was paid and what was given back are its price. */
const doAddUp = ({ bookings, scale }: HoursReport): boolean => {
  const minor = (credits: string): number => Math.round(Number(credits) * 10 ** scale)
  return bookings.every(
    ({ price, paid, refund, closedAt }) =>
      closedAt !== null && minor(paid) + minor(refund) === minor(price),
  )
}

const live = async (
  baseUrl: string,
  platform: Platform,
): Promise<Pick<HoursReport, "gpus" | "bookings" | "declined" | "members">> => {
  const sellers = await inTurn(machines, async (machine) => {
    const account = await platform.signUp(`owner of ${machine.name}`)
    const provider = await ComputeProvider.register({
      baseUrl,
      apiKey: account.api_key,
      name: machine.name,
      capabilities: { gpuMemory: 24, supportedModels: [], maxConcurrentJobs: 1 },
      pricingModel: { baseRatePerHour: ratePerHour, peakMultiplier: 1.5, bulkDiscount: 0.8 },
    })
    await provider.setPricing({ strategy: machine.strategy })
    return { machine, account, provider }
  })
  const buyer = await platform.signUp("a buyer of hours")
  await platform.topUp(buyer.account_id, "100")
  const client = new ComputeClient({ baseUrl, apiKey: buyer.api_key })
  try {
    for (const { machine, provider } of sellers)
      await provider.startOffering({
        grant: {
          start: async ({ booking_id }) => {
            if (!machine.doesStart) throw new Error("the machine does not answer")
            return { access: `ssh ${booking_id}@gpu.example` }
          },
          stop: async () => {},
        },
      })
    const hours = bookedSeconds * hoursPerSecond
    const booked = await inTurn(sellers, ({ provider }) =>
      client.book({ gpuId: provider.id, hours }),
    )
    const [delivered, disputed] = booked
    const declined = await client.book({ gpuId: delivered.gpuId, hours }).then(() => "", codeOf)
    await until(client, disputed, ({ escrow }) => escrow === "active")
    await pause(1500)
    await client.dispute(disputed.bookingId, "It was slower than it said.")
    await platform.ask(
      `/marketplace/bookings/${disputed.bookingId}/answer`,
      sellers[1].account.api_key,
      { statement: "It was as fast as ever." },
    )
    await platform.rule(disputed.bookingId, 0.4)
    const bookings = await inTurn(booked, (one) =>
      until(client, one, ({ closedAt }) => closedAt !== null),
    )
    const gpus = await inTurn(sellers, async ({ provider }) => {
      const { gpuId, name, strategy, pricePerHour } = await provider.listing()
      const { total } = await provider.getEarnings()
      return { gpu: gpuId, name, strategy, pricePerHour, earned: total }
    })
    const members = await inTurn(
      [
        ...sellers.map(({ machine, account }) => ({ name: machine.name, account })),
        { name: "a buyer of hours", account: buyer },
      ],
      ({ name, account }) => memberOf(platform, name, account),
    )
    return { gpus, bookings, declined, members }
  } finally {
    await Promise.all(sellers.map(({ provider }) => provider.stop()))
  }
}

const codeOf = (error: unknown): string =>
  error instanceof ComputeError ? (error.code ?? error.message) : String(error)

const lookMillis = 200
const mostLooks = 150

const until = async (
  client: ComputeClient,
  { bookingId }: Booking,
  isThere: (booking: Booking) => boolean,
): Promise<Booking> => {
  for (let look = 0; look < mostLooks; look++) {
    const { history: _history, ...booking } = await client.booking(bookingId)
    if (isThere(booking)) return booking
    await pause(lookMillis)
  }
  throw new DemoFailed({ message: `Booking ${bookingId} does not come to its end` })
}

const hoursText = (report: HoursReport): string =>
  [
    "Machines",
    alignColumns([
      ["machine", "strategy", "credits/h", "earned"],
      ...report.gpus.map(({ name, strategy, pricePerHour, earned }) => [
        name,
        strategy,
        pricePerHour,
        earned,
      ]),
    ]),
    "",
    "Bookings",
    alignColumns([
      ["machine", "escrow", "price", "paid", "of it fee", "given back"],
      ...report.bookings.map(({ gpu, escrow, price, paid, fee, refund }) => [
        gpu,
        escrow,
        price,
        paid,
        fee,
        refund,
      ]),
    ]),
    `A second order for the same time was declined: ${report.declined}`,
    "",
    "Statements, by kind of line",
    statementsTable(report),
    "",
    `replay: ${report.replay}`,
    `sum of all balances: ${report.balanceSum}`,
  ].join("\n")
