/**
 * The system with the greatest mean, with a stated probability of being right: procedure KN, fully
 * sequential (Kim and Nelson, "A fully sequential procedure for indifference-zone selection in
 * simulation", ACM TOMACS 11, 2001; their constant c is 1).
 *
 * After a first stage of n₀ observations of each of k systems,
 *
 *   η = ½·[(2α ÷ (k − 1))^(−2 ÷ (n₀ − 1)) − 1],   h² = 2·η·(n₀ − 1),
 *   S²_il = the sample variance of the differences X_i − X_l in the first stage.
 *
 * Then, one observation of every survivor at a time, system i falls at r observations as soon as
 * some survivor l leads it by more than
 *
 *   W_il(r) = max{0, δ ÷ (2r) · (h²·S²_il ÷ δ² − r)}.
 *
 * At r = max ⌊h²·S²_il ÷ δ²⌋ + 1 every W is 0, and the greatest mean is left. If the best mean is
 * better than all others by the indifference δ or more, it is selected with probability 1 − α at
 * least: for observations that are independent from r to r and normal, and whatever the dependence
 * between systems at the same r. Common random numbers are thus allowed, and make S² small.
 */
import { tallyOf } from "../samples/tally.ts"

export interface SelectionRule {
  /** 1 − α, the probability of a correct selection that is asked for; 1 ÷ k … 1. */
  readonly level: number
  /** δ > 0: the least difference of means that matters. */
  readonly indifference: number
  /** n₀ ≥ 2. */
  readonly firstStage: number
}

export interface Standing {
  /** After how many observations of every survivor the system fell; `null`: it did not. */
  readonly eliminatedAt: number | null
  /** Which system it fell to. */
  readonly eliminatedBy: number | null
  /** Observations of it that the procedure looked at. */
  readonly used: number
}

export interface Selection {
  /** The system selected; `null` while observations are wanting. */
  readonly best: number | null
  /** How many observations of every survivor were looked at. */
  readonly stage: number
  /** With so many of every survivor the procedure ends at the latest; `null` before the first stage. */
  readonly endsBy: number | null
  /** One for each system. */
  readonly standings: ReadonlyArray<Standing>
}

/**
 * The procedure as far as the observations carry it: `observations[i][r]` is that of system i in
 * replication r. More than it needs does no harm: what it decides depends on those it looks at only.
 * Throws a RangeError on a rule that is none, and on fewer than two systems. O(k²·r).
 */
export const selectBest = (
  observations: ReadonlyArray<ReadonlyArray<number>>,
  { level, indifference, firstStage }: SelectionRule,
): Selection => {
  const k = observations.length
  if (k < 2) throw new RangeError(`a selection needs two systems or more, not ${k}`)
  if (!(level > 1 / k && level < 1))
    throw new RangeError(`a selection among ${k} needs a probability of 1/${k} … 1, not ${level}`)
  if (!(indifference > 0 && indifference < Infinity))
    throw new RangeError(`an indifference is above 0, not ${indifference}`)
  if (!(Number.isInteger(firstStage) && firstStage >= 2))
    throw new RangeError(`a first stage has two observations or more, not ${firstStage}`)

  if (observations.some((own) => own.length < firstStage))
    return {
      best: null,
      stage: 0,
      endsBy: null,
      standings: observations.map(() => ({ eliminatedAt: null, eliminatedBy: null, used: 0 })),
    }
  const eta = 0.5 * (Math.exp((-2 / (firstStage - 1)) * Math.log((2 * (1 - level)) / (k - 1))) - 1)
  const scale = (2 * eta * (firstStage - 1)) / (indifference * indifference)
  // patience[i][l] = h²·S²_il ÷ δ²: at so many observations i and l cannot both be left.
  const patience = observations.map((a) =>
    observations.map((b) => scale * varianceOfDifference(a, b, firstStage)),
  )
  const endsBy = Math.max(firstStage, Math.floor(Math.max(...patience.flat())) + 1)

  const sums = observations.map((own) => sumOf(own, firstStage))
  const fallen = observations.map((): readonly [at: number, by: number] | null => null)
  let survivors = observations.map((_, system) => system)
  let stage = firstStage
  for (;;) {
    const lead = (l: number, i: number) => (sums[l] - sums[i]) / stage
    const slack = (i: number, l: number) =>
      Math.max(0, (indifference / (2 * stage)) * (patience[i][l] - stage))
    const before = survivors
    survivors = before.filter((i) => {
      const leader = before.find((l) => l !== i && lead(l, i) > slack(i, l))
      if (leader !== undefined) fallen[i] = [stage, leader]
      return leader === undefined
    })
    // Only systems that are equal to the last digit are still together at the end.
    if (stage >= endsBy && survivors.length > 1) {
      const [first, ...rest] = survivors
      for (const i of rest) fallen[i] = [stage, first]
      survivors = [first]
    }
    if (survivors.length === 1) break
    if (survivors.some((i) => observations[i].length <= stage)) break
    for (const i of survivors) sums[i] += observations[i][stage]
    stage += 1
  }
  return {
    best: survivors.length === 1 ? survivors[0] : null,
    stage,
    endsBy,
    standings: fallen.map((fall) => ({
      eliminatedAt: fall?.[0] ?? null,
      eliminatedBy: fall?.[1] ?? null,
      used: fall?.[0] ?? stage,
    })),
  }
}

const varianceOfDifference = (
  a: ReadonlyArray<number>,
  b: ReadonlyArray<number>,
  n: number,
): number => {
  const differences = Array.from({ length: n }, (_, r) => a[r] - b[r])
  return tallyOf(differences).variance ?? 0
}

const sumOf = (values: ReadonlyArray<number>, n: number): number => {
  let sum = 0
  for (let r = 0; r < n; r++) sum += values[r]
  return sum
}
