/**
 * Every state of one instance's breaker that can be reached at all, in steps of five seconds and with
 * at most three attempts under way: explored breadth first, each new state once, until no step leads
 * anywhere new. In each, the kernel agrees with the naive model; and from each, good steps lead back
 * to an eligible instance within the rules' own times. So no sequence of steps, of whatever length,
 * leaves an instance stuck. Of the settings, `npm test` has one of each way to probe, those with the
 * fewest states.
 */
import { describe, expect, it } from "vitest"
import { isLong } from "../support/property-runs.ts"
import { breathe } from "../support/property.ts"
import { ensure } from "./ensure.ts"
import type { BreakerSetting, Model, Real, Step } from "./breaker-steps.ts"
import type { NaiveOutcome } from "./naive-breaker.ts"
import {
  answer,
  begin,
  beginFor,
  beginBoth,
  comeBack,
  compare,
  economyOf,
  end,
  isOpenToRequests,
  lose,
  wait,
} from "./breaker-steps.ts"

const second = 1_000_000

/** Every time is a multiple of five seconds, so that ages fall on few values. */
const settingOf = (
  probe: "synthetic" | "request",
  threshold: number,
  minWitnesses: 1 | 2,
): BreakerSetting => ({
  minWitnesses,
  breaker: {
    threshold,
    windowSeconds: 20,
    cooldownSeconds: 15,
    probe,
    probeTokens: 32,
    probeLeaseSeconds: 10,
    probeRetrySeconds: 5,
    minFailureRatio: 0,
  },
  floorProbeSeconds: 20,
})

const oldest = 0

/** On a grid of one second there are thirty times as many states: for the long run. */
const pauses = isLong ? [1, 5, 15] : [5, 15]

/** What may be done, with at most so many attempts under way. */
const commonSteps = (mostAttempts: number): ReadonlyArray<Step> => [
  upTo(mostAttempts, begin),
  end(oldest, "completed", "success"),
  end(oldest, "stalled", "failure"),
  end(oldest, "consumerError", "neutral"),
  full(mostAttempts, end(mostAttempts - 1, "completed", "success")),
  full(mostAttempts, end(mostAttempts - 1, "stalled", "failure")),
  full(mostAttempts, end(mostAttempts - 1, "consumerGone", "neutral")),
  answer("completed", "success"),
  answer("stalled", "failure"),
  answer("gatewayFault", "neutral"),
  ...pauses.map((seconds) => wait(seconds * second)),
  lose,
  comeBack,
]

const upTo = (mostAttempts: number, step: Step): Step => ({
  ...step,
  isPossible: (m) => m.attempts.length < mostAttempts,
})
const full = (mostAttempts: number, step: Step): Step => ({
  ...step,
  // With fewer, the index would come round to another one.
  isPossible: (m) => m.attempts.length === mostAttempts,
})

/** Beside the breaker, slow streams and the floor. */
const withFloor: ReadonlyArray<Step> = [
  ...commonSteps(3),
  end(oldest, "truncated", "failure", true),
  full(3, end(2, "completed", "success", true)),
  answer("completed", "success", true),
]

/** Where failures have to be seen by two, it matters whose calls they were. */
const withTwoParties: ReadonlyArray<Step> = [...commonSteps(2), upTo(2, beginFor(2))]

/** How a moment looks from now: its distance, where it still matters. */
const ahead = (m: Model, at: number): number => Math.max(0, at - m.now)

/** What of a state decides its future, whatever the time: of the model, and of the kernel beside. */
const keyOf = (m: Model, { market }: Real): string => {
  const { breaker, probe } = m
  const window = m.knobs.windowSeconds * second
  const isSeen = m.minWitnesses === 2
  /** Of failures that still count: how long ago, and whose calls they were. */
  const ages = (seen: Iterable<Pick<NaiveOutcome, "at" | "account">>) =>
    [...seen]
      .map(({ at, account }) => ({ age: m.now - at, account: isSeen ? account : 0 }))
      .filter(({ age }) => age <= window)
      .toSorted((a, b) => a.age - b.age || a.account - b.account)
      .slice(0, isSeen ? m.knobs.threshold : m.knobs.threshold - 1)
  const { columns } = market.instances
  const { failures, failureAccounts, state, openUntil } = market.breakers
  const probing = [columns.probeFor[0], columns.probeRequest[0] === 0]
  const isProbing = columns.probeFor[0] !== 0 || columns.probeRequest[0] !== 0
  return JSON.stringify([
    breaker.mode,
    breaker.mode === "open" ? ahead(m, breaker.openUntil) : 0,
    breaker.mode === "closed" ? ages(breaker.failures) : [],
    m.attempts.map((one) => [
      one.trips === breaker.trips,
      isSeen ? one.account : 0,
      probe?.by === "request" && probe.id === one.request,
    ]),
    m.isOnline,
    m.isBelowFloor,
    m.isDoubted,
    probe === undefined ? 0 : [probe.by, probe.purpose, ahead(m, probe.until)],
    ahead(m, m.probeAfter),
    // The kernel's own.
    state[0],
    state[0] === 1 ? ahead(m, openUntil[0] ?? 0) : 0,
    breaker.mode === "closed"
      ? ages(
          Array.from(failures.subarray(0, m.knobs.threshold), (at, place) => ({
            at: at === 0 ? -Infinity : at - 1,
            account: 1 + (failureAccounts[place] ?? 0),
          })),
        )
      : [],
    probing,
    isProbing ? ahead(m, columns.probeUntil[0] ?? 0) : 0,
    ahead(m, columns.probeAfter[0] ?? 0),
    [columns.inFlight[0], columns.isOnline[0], columns.isBelowFloor[0], columns.isDoubted[0]],
  ])
}

/** Good steps from here: everybody does their part. The instance must be back within the bound. */
const expectRecovery = (m: Model, r: Real, path: () => unknown): number => {
  const { cooldownSeconds, probeLeaseSeconds, probeRetrySeconds } = m.knobs
  const longest =
    (cooldownSeconds + probeLeaseSeconds + probeRetrySeconds) * second + m.floorProbeMicros + second
  const from = m.now
  const good: ReadonlyArray<Step> = [
    comeBack,
    end(oldest, "completed", "success"),
    answer("completed", "success"),
  ]
  while (!isOpenToRequests(m) || m.attempts.length > 0) {
    ensure(m.now - from <= longest, "14: still out after the longest wait", () => ({
      m,
      path: path(),
    }))
    const next = good.find((one) => one.isPossible(m)) ?? wait(second)
    next.run(m, r)
    compare(m, r)
  }
  // Half-open by request: one good request more, and it is closed.
  begin.run(m, r)
  end(oldest, "completed", "success").run(m, r)
  compare(m, r)
  ensure(m.breaker.mode === "closed", "14: closed after a good request", () => ({
    m,
    path: path(),
  }))
  return m.now - from
}

interface Explored {
  readonly states: number
  readonly depth: number
  readonly longestRecovery: number
}

const explore = async (setting: BreakerSetting): Promise<Explored> => {
  const alphabet = setting.minWitnesses === 2 ? withTwoParties : withFloor
  const economy = economyOf(setting)
  const seen = new Set<string>()
  let frontier: ReadonlyArray<ReadonlyArray<number>> = [[]]
  let depth = 0
  let longestRecovery = 0
  /** The state at the end of a path of steps; undefined where the last one is not possible. */
  const walk = (path: ReadonlyArray<number>) => {
    const both = beginBoth(setting, economy)
    const { model, real } = both
    for (const [i, at] of path.entries()) {
      const step = alphabet[at]
      if (step === undefined) throw new Error("no such step")
      if (i === path.length - 1 && !step.isPossible(model)) return undefined
      step.run(model, real)
    }
    compare(model, real)
    return both
  }
  const names = (path: ReadonlyArray<number>) => path.map((at) => alphabet[at]?.name)
  for (; frontier.length > 0; depth++) {
    const next: Array<ReadonlyArray<number>> = []
    for (const path of frontier) {
      await breathe()
      for (const at of depth === 0 ? [-1] : alphabet.keys()) {
        const longer = at < 0 ? path : [...path, at]
        const both = walk(longer)
        if (both === undefined) continue
        const key = keyOf(both.model, both.real)
        if (seen.has(key)) continue
        seen.add(key)
        next.push(longer)
        const taken = expectRecovery(both.model, both.real, () => names(longer))
        longestRecovery = Math.max(longestRecovery, taken)
      }
    }
    frontier = next
  }
  return { states: seen.size, depth: depth - 1, longestRecovery }
}

describe("every reachable state of the breaker", () => {
  it.each([
    ["request", 1, 1],
    ["synthetic", 1, 2],
    ...(isLong
      ? ([
          ["synthetic", 1, 1],
          ["synthetic", 2, 1],
          ["request", 2, 1],
          ["synthetic", 3, 1],
          ["request", 3, 1],
          ["synthetic", 2, 2],
          ["request", 2, 2],
        ] as const)
      : []),
  ] as const)(
    "leads back to an eligible instance: probes %s, threshold %d, witnesses %d",
    async (probe, threshold, witnesses) => {
      const setting = settingOf(probe, threshold, witnesses)
      const { states, depth, longestRecovery } = await explore(setting)
      console.log(
        `${probe}, threshold ${threshold}, witnesses ${witnesses}: ${states} states, ${depth} steps deep, longest recovery ${longestRecovery / second} s`,
      )
      expect(states).toBeGreaterThan(200)
      expect(depth).toBeGreaterThan(8)
      expect(longestRecovery).toBeGreaterThan(0)
    },
  )
})
