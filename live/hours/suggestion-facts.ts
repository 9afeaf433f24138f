/** What suggestions follow from (analytics/suggestions.ts): a machine, and the region around it. */
import type { Market } from "../../engine/index.ts"
import { instanceView, microsPerHour } from "../../engine/index.ts"
import type { Span } from "../analytics/day.ts"
import type { Observation } from "../analytics/elasticity.ts"
import { elasticityOf } from "../analytics/elasticity.ts"
import type { Facts, Failures } from "../analytics/suggestions.ts"
import { neededHours } from "../analytics/suggestions.ts"
import { peakHoursOf, soldMicrosByHour, utilisationOf } from "../analytics/use.ts"
import type { GpuRecord } from "../directory/records.ts"
import { servedInstances } from "../directory/host-state.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Alerts } from "./alerts.ts"
import type { Gpus, Listed } from "./gpus.ts"
import { clockOf, listedAt, machineUse, openShareOf, soldOf } from "./machine-use.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { standingOf } from "./reputation.ts"

const microsPerDay = 24 * microsPerHour
const lookedAtDays = 30

export interface FactParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly gpus: Gpus
  readonly alerts: Alerts
}

export interface SuggestionFacts {
  readonly facts: Facts
  readonly from: number
  readonly until: number
}

/** O(hours that the region's machines sold in thirty days). */
export const factsOf = (parts: FactParts, listed: Listed): SuggestionFacts => {
  const { services, gpus } = parts
  const { driver } = services
  const { gpu, listing } = listed
  const until = driver.clock.nowMicros()
  const since = listedAt(parts, gpu)
  const from = Math.min(until, Math.max(since, until - lookedAtDays * microsPerDay))
  const span: Span = [from, until]
  const { clock } = clockOf(parts, gpu, span)
  const use = machineUse(parts, gpu, span, clock)
  const view = gpus.view(listed)
  return {
    from,
    until,
    facts: {
      dataHours: Math.max(0, until - since) / microsPerHour,
      isOffered: listing.phase === "open",
      ratePerHour: listing.ratePerHour,
      strategy: view.strategy,
      maxJobs: gpu.terms.maxJobs,
      shareBps: 10_000 - driver.market.economy.feeBps,
      soldHours: use.soldMicros / microsPerHour,
      openHours: use.openMicros / microsPerHour,
      days: Math.max(1, until - from) / microsPerDay,
      idleHours: idleHoursOf(parts, gpu, since, until),
      openShare: openShareOf(parts, gpu, until),
      failures: failuresOf(parts, listed),
      region: regionOf(parts, listed, until),
      reputation: standingOf(parts, listed),
    },
  }
}

/** Since when nothing of it has been sold; none where something is, or will be. */
const idleHoursOf = (
  { services }: FactParts,
  gpu: GpuRecord,
  since: number,
  now: number,
): number => {
  const { directory } = services
  let last = since
  for (const id of directory.bookingsOfGpu(gpu.id)) {
    const booking = directory.bookings.get(id)
    if (booking === undefined || booking.outcome === "cancelled" || booking.outcome === "noShow")
      continue
    const { endAt, revokedAt = endAt } = booking
    last = Math.max(last, Math.min(endAt, revokedAt))
  }
  return Math.max(0, now - last) / microsPerHour
}

const failuresOf = (
  { services, alerts }: FactParts,
  { gpu, host }: Listed,
): ReadonlyArray<Failures> => {
  const { directory, driver } = services
  const ended = directory
    .bookingsOfGpu(gpu.id)
    .flatMap((id) => directory.bookings.get(id)?.outcome ?? [])
    .filter((outcome) => outcome !== "cancelled")
  const missed = ended.filter((outcome) => outcome === "noShow").length
  const told = alerts.checksOf(host.id)?.checks.find(({ check }) => check === "job_success_rate")
  return [
    ...callFailures(driver.market, servedInstances(services, host.id)),
    ...(ended.length === 0
      ? []
      : [{ of: "bookings" as const, rate: missed / ended.length, count: ended.length }]),
    // An agent tells a rate only where it has seen enough jobs.
    ...(told === undefined || told.value === null
      ? []
      : [{ of: "jobs" as const, rate: 1 - told.value, count: Infinity }]),
  ]
}

/** Health is the share of calls that succeeded over its window. */
const callFailures = (
  market: Market,
  instances: ReturnType<typeof servedInstances>,
): ReadonlyArray<Failures> =>
  instances.flatMap(({ id }) => {
    const view = instanceView(market, id)
    return view === undefined
      ? []
      : [{ of: "calls" as const, rate: 1 - view.health, count: view.completed }]
  })

const regionOf = (parts: FactParts, listed: Listed, now: number): Facts["region"] => {
  const { calendar, gpus } = parts
  const { clock } = clockOf(parts, listed.gpu, [
    Math.max(0, now - lookedAtDays * microsPerDay),
    now,
  ])
  const rates: Array<number> = []
  const observations: Array<Observation> = []
  const soldByHour = Array.from({ length: 24 }, () => 0)
  for (const { gpu, host, listing } of gpus.all()) {
    if (gpu.terms.region !== listed.gpu.terms.region) continue
    if (listing.isOffered) rates.push(listing.ratePerHour)
    const since = listedAt(parts, gpu)
    const span: Span = [Math.max(since, now - lookedAtDays * microsPerDay), now]
    const { originMicros } = calendar
    soldMicrosByHour(
      soldOf(parts, gpu),
      [originMicros + span[0], originMicros + span[1]],
      clock,
    ).forEach((micros, hour) => {
      soldByHour[hour] += micros
    })
    if (now - since < neededHours * microsPerHour) continue
    const utilisation = utilisationOf(machineUse(parts, gpu, span, clock))
    if (utilisation !== undefined)
      observations.push({ provider: host.account, rate: listing.ratePerHour, utilisation })
  }
  const rising = rates.toSorted((one, other) => one - other)
  return {
    medianRate: rising[Math.ceil(rising.length / 2) - 1],
    topHours: peakHoursOf(soldByHour),
    elasticity: elasticityOf(observations),
  }
}
