/**
 * What goes back of a period, worked out piece by piece: its time is cut wherever anything begins or ends, and each
 * piece is asked whether it was expected, and whether it was up. Shares are fractions of whole numbers.
 */
import type { Economy } from "../../../engine/economy/schema.ts"

export interface Interval {
  readonly from: number
  readonly until: number
}

interface Promised {
  readonly availabilityBps: number
  readonly penaltyBps: number
}

const isIn = (intervals: ReadonlyArray<Interval>, at: number): boolean =>
  intervals.some(({ from, until }) => from <= at && at < until)

/** Up and expected time of a period. */
export const naiveAvailability = (
  excusedShare: number,
  period: Interval,
  downs: ReadonlyArray<Interval>,
  aways: ReadonlyArray<Interval>,
  maintenance: ReadonlyArray<Interval>,
): { readonly up: bigint; readonly expected: bigint } => {
  const cuts = [...downs, ...aways, ...maintenance]
    .flatMap(({ from, until }) => [from, until])
    .filter((at) => at > period.from && at < period.until)
  const times = [...new Set([period.from, ...cuts, period.until])].toSorted((a, b) => a - b)
  let expected = 0
  let down = 0
  let kept = 0
  let keptDown = 0
  for (const [index, at] of times.entries()) {
    const micros = (times[index + 1] ?? at) - at
    const isDown = isIn(downs, at) && !isIn(aways, at)
    if (isIn(maintenance, at)) {
      kept += micros
      keptDown += isDown ? micros : 0
    } else if (!isIn(aways, at)) {
      expected += micros
      down += isDown ? micros : 0
    }
  }
  const excused = Math.min(kept, Math.floor(excusedShare * (period.until - period.from)))
  expected += kept - excused
  down += Math.max(0, keptDown - excused)
  return { up: BigInt(expected - down), expected: BigInt(expected) }
}

/** Refund of a price by availability alone: nobody calls in these lives. */
export const naiveRefund = (
  { sla }: Economy,
  { availabilityBps, penaltyBps }: Promised,
  { up, expected }: { readonly up: bigint; readonly expected: bigint },
  price: number,
): number => {
  const isBelow = (bps: number) => up * 10_000n < BigInt(bps) * expected
  if (!isBelow(availabilityBps)) return 0
  const penalty = BigInt(price) * BigInt(penaltyBps)
  if (sla.form === "cliff") return Number(penalty / 10_000n)
  if (sla.form === "tiers") {
    const rows = sla.tiers.filter(({ below }) => isBelow(Math.round(below * 10_000)))
    const most = Math.max(0, ...rows.map(({ refund }) => Math.round(refund * 10_000)))
    return Number((BigInt(price) * BigInt(most)) / 10_000n)
  }
  const target = BigInt(Math.min(9999, availabilityBps))
  const short = target * expected - up * 10_000n
  if (short <= 0n) return 0
  const most = (10_000n - target) * expected
  return Number((penalty * (short < most ? short : most)) / (most * 10_000n))
}
