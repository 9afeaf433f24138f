/** What machines' providers are known for (docs/rules.md#reputation), as the routes have it. */
import { microsPerHour, microsPerSecond, reputations } from "../../engine/index.ts"
import type { GpuRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { GpuReputation } from "../protocol/reputation-protocol.ts"
import type { Gpus, Listed } from "./gpus.ts"
import { rounded, scoresIn } from "./scores.ts"

const responseDays = 30
const microsPerDay = 24 * microsPerHour

interface Parts {
  readonly services: LiveServices
  readonly gpus: Gpus
}

/** Of a machine that may have been removed meanwhile. */
export const reputationOf = (
  parts: Parts,
  { gpu, host }: Pick<Listed, "gpu" | "host">,
): GpuReputation => {
  const { services } = parts
  const found = reputations(services.driver.market)(host.account)
  if (found === undefined) throw new Error("hours: a machine without an account")
  const scores = regionScores(parts, gpu)
  return {
    gpu_id: host.publicId,
    overall_score: rounded(found.overall),
    success_rate: rounded(found.health),
    availability: rounded(found.availability),
    on_time_rate: rounded(found.onTime),
    client_satisfaction: rounded(found.satisfaction),
    avg_response_time: responseSeconds(services, gpu),
    ratings: rounded(found.ratings),
    sold_hours: rounded(found.soldHours),
    starts: rounded(found.starts),
    rank: 1 + scores.filter((score) => score > rounded(found.overall)).length,
    providers: scores.length,
  }
}

/** Of the providers of a machine's region, one each, rising. */
const regionScores = ({ services, gpus }: Parts, { terms }: GpuRecord): ReadonlyArray<number> => {
  const scoreOf = scoresIn(services.driver.market)
  const accounts = new Set(
    gpus.all().flatMap(({ gpu, host }) => (gpu.terms.region === terms.region ? host.account : [])),
  )
  return [...accounts].map(scoreOf).toSorted((one, other) => one - other)
}

/** For suggestions: its own score, and the lower quartile of its region's providers. */
export const standingOf = (
  parts: Parts,
  { gpu, host }: Listed,
): { readonly own: number; readonly lowerQuartile: number } => {
  const scores = regionScores(parts, gpu)
  const own = scoresIn(parts.services.driver.market)(host.account)
  return { own, lowerQuartile: scores[Math.ceil(scores.length / 4) - 1] ?? own }
}

/** From the start of hours until their consumer had access, s, on average; `null`: none began of late. */
const responseSeconds = ({ directory, driver }: LiveServices, gpu: GpuRecord): number | null => {
  const since = driver.clock.nowMicros() - responseDays * microsPerDay
  const waits = directory.bookingsOfGpu(gpu.id).flatMap((id) => {
    const booking = directory.bookings.get(id)
    return booking?.startedAt === undefined || booking.startedAt < since
      ? []
      : booking.startedAt - booking.startAt
  })
  if (waits.length === 0) return null
  const meanMicros = waits.reduce((sum, wait) => sum + Math.max(0, wait), 0) / waits.length
  return Math.round((meanMicros / microsPerSecond) * 10) / 10
}
