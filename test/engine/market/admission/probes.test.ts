import { countIn } from "../../../../engine/rules/health.ts"
import { describe, expect, it } from "vitest"
import type { Outcome } from "../../../../engine/protocol/event.ts"
import {
  arrive,
  call,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
  viewOf,
} from "../../../support/market.ts"
import type { Trial } from "../../../support/market.ts"
import type { Command } from "../../../../engine/protocol/command.ts"

const second = 1_000_000
const synthetic = economyWith({ ramp: { start: 1 }, routing: { maxRetries: 0 } })
const byRequest = economyWith({ breaker: { probe: "request" } }, synthetic)

let nextRequest = 1

/** Three failures in a row: the small market's instance 1 is parked. */
const park = (trial: Trial): ReadonlyArray<Command> => {
  for (let i = 0; i < 2; i++) call(trial, nextRequest++, "upstreamError")
  const request = nextRequest++
  arrive(trial, request)
  return endAttempt(trial, request, { outcome: "upstreamError" })
}

const answer = (
  trial: Trial,
  probe: number,
  outcome: Outcome = "completed",
  { outputTokens = 32, decodeMicros = second, retryAfterMicros = 0 } = {},
) =>
  trial.send({
    _tag: "ProbeEnded",
    instance: 1,
    probe,
    outcome,
    outputTokens,
    decodeMicros,
    retryAfterMicros,
  })

/** Five slow streams: the small market's instance 1 is below the floor. */
const sunk = (economy = synthetic, outputTokens = 40): Trial => {
  const trial = openSmallMarket({ economy, slots: 8 })
  for (let i = 0; i < 5; i++) {
    const request = nextRequest++
    arrive(trial, request, { maxTokens: outputTokens })
    endAttempt(trial, request, { outputTokens, decodeMicros: (outputTokens * second) / 4 })
  }
  expect(viewOf(trial, 1).reason).toBe("BelowFloor")
  return trial
}

describe("a parked instance with synthetic probes", () => {
  it("gets a probe as soon as the cooldown ends, with no traffic at all", () => {
    const trial = openSmallMarket({ economy: synthetic })
    expect(commandsOf(park(trial), "Park")).toEqual([
      { _tag: "Park", instance: 1, untilMicros: 15 * second },
    ])
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Parked", breaker: "open", parks: 1 })
    expect(call(trial, nextRequest++)).toBe(-1)
    expect(trial.wait(15 * second - 1)).toEqual([])
    expect(trial.wait(1)).toEqual([
      { _tag: "Probe", instance: 1, probe: 1, purpose: "breaker", tokens: 32 },
    ])
    expect(viewOf(trial, 1)).toMatchObject({ reason: "ProbeUnderWay", breaker: "halfOpen" })
    expect(call(trial, nextRequest++)).toBe(-1)
  })

  it("is fully back in after one good probe, without memory of its failures", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.wait(15 * second)
    answer(trial, 1)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", breaker: "closed" })
    for (let i = 0; i < 2; i++) call(trial, nextRequest++, "upstreamError")
    expect(viewOf(trial, 1).reason).toBe("Eligible")
    call(trial, nextRequest++, "upstreamError")
    expect(viewOf(trial, 1).reason).toBe("Parked")
  })

  it("is parked again for the same cooldown after a failed one", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    for (let i = 1; i <= 5; i++) {
      expect(commandsOf(trial.wait(15 * second), "Probe")).toHaveLength(1)
      expect(commandsOf(answer(trial, i, "stalled"), "Park")).toEqual([
        { _tag: "Park", instance: 1, untilMicros: (i + 1) * 15 * second },
      ])
    }
  })

  it("is probed again a second after a neutral one", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.wait(15 * second)
    for (const [i, outcome] of (
      ["consumerError", "backpressure", "gatewayFault", "consumerGone"] as const
    ).entries()) {
      expect(answer(trial, i + 1, outcome)).toEqual([])
      expect(trial.wait(second - 1)).toEqual([])
      expect(commandsOf(trial.wait(1), "Probe")).toMatchObject([{ probe: i + 2 }])
    }
    answer(trial, 5)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("is probed again a second after the lease of a lost one, whose answer comes too late", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.wait(15 * second)
    expect(commandsOf(trial.wait(31 * second - 1), "Probe")).toEqual([])
    expect(rejectionOf(answer(trial, 1))).toBe("StaleProbe")
    expect(commandsOf(trial.wait(1), "Probe")).toMatchObject([{ probe: 2 }])
    expect(rejectionOf(answer(trial, 1))).toBe("StaleProbe")
    expect(answer(trial, 2)).toEqual([])
    expect(viewOf(trial, 1).reason).toBe("Eligible")
    expect(rejectionOf(answer(trial, 2))).toBe("StaleProbe")
  })

  it("is probed on its return where its node was lost meanwhile", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.send({ _tag: "NodeLost", node: 1 })
    expect(commandsOf(trial.wait(3600 * second), "Probe")).toEqual([])
    const returned = trial.send({ _tag: "NodeReturned", node: 1 })
    expect(commandsOf(returned, "Probe")).toHaveLength(1)
  })

  it("counts late outcomes for health, and they neither extend the park nor end it", () => {
    const trial = openSmallMarket({ economy: synthetic, slots: 8 })
    const late = [nextRequest++, nextRequest++, nextRequest++]
    for (const request of late) arrive(trial, request)
    park(trial)
    const before = viewOf(trial, 1).health
    trial.wait(10 * second)
    const [good = 0, bad = 0, worse = 0] = late
    endAttempt(trial, bad, { outcome: "stalled" })
    expect(viewOf(trial, 1).health).toBeLessThan(before)
    endAttempt(trial, good)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Parked", parks: 1 })
    // Half-open by now: an old success is no probe, and an old failure is none either.
    expect(commandsOf(trial.wait(5 * second), "Probe")).toHaveLength(1)
    endAttempt(trial, worse, { outcome: "stalled" })
    expect(viewOf(trial, 1)).toMatchObject({ reason: "ProbeUnderWay", parks: 1 })
    answer(trial, 1)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("does not count failures of before the park against it once it is back", () => {
    const trial = openSmallMarket({ economy: synthetic, slots: 8 })
    const late = [nextRequest++, nextRequest++, nextRequest++]
    for (const request of late) arrive(trial, request)
    park(trial)
    trial.wait(15 * second)
    answer(trial, 1)
    for (const request of late) endAttempt(trial, request, { outcome: "stalled" })
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", breaker: "closed", parks: 1 })
  })

  it("records its probes for health, and not as requests", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.wait(15 * second)
    answer(trial, 1, "stalled")
    const { sums } = trial.market.health
    expect(
      (["probes", "goodProbes", "failures"] as const).map((what) => countIn(sums, what, 0)),
    ).toEqual([1, 0, 3])
    trial.wait(15 * second)
    answer(trial, 2)
    expect(
      (["probes", "goodProbes", "failures"] as const).map((what) => countIn(sums, what, 0)),
    ).toEqual([2, 1, 3])
  })
})

describe("a neutral probe", () => {
  it("does not enter the score: our own downtime is nobody's fault", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.wait(15 * second)
    const before = viewOf(trial, 1).health
    for (let probe = 1; probe <= 40; probe++) {
      answer(trial, probe, "gatewayFault")
      trial.wait(second)
    }
    expect(viewOf(trial, 1).health).toBe(before)
    expect(countIn(trial.market.health.sums, "neutrals", 0)).toBe(40)
  })
})

describe("a probe's answer", () => {
  const halfOpened = (): Trial => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    expect(commandsOf(trial.wait(15 * second), "Probe")).toHaveLength(1)
    return trial
  }

  it("that refuses the credential suspends the instance, as an attempt's would", () => {
    const trial = halfOpened()
    expect(answer(trial, 1, "credentialRefused")).toEqual([
      { _tag: "Audit", subject: 1, finding: "CredentialRefused", quantity: 1 },
    ])
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Suspended", breaker: "halfOpen" })
    expect(trial.wait(1800 * second)).toEqual([])
    const replaced = trial.send({ _tag: "CredentialReplaced", instance: 1 })
    expect(commandsOf(replaced, "Probe")).toMatchObject([{ probe: 2 }])
    answer(trial, 2)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("that says 429 is heeded: no other probe until its Retry-After", () => {
    const trial = halfOpened()
    answer(trial, 1, "backpressure", { retryAfterMicros: 20 * second })
    expect(trial.wait(20 * second - 1)).toEqual([])
    expect(commandsOf(trial.wait(1), "Probe")).toMatchObject([{ probe: 2 }])
    // A minute at most, whatever is asked for.
    answer(trial, 2, "backpressure", { retryAfterMicros: 1000 * second })
    expect(trial.wait(60 * second - 1)).toEqual([])
    expect(commandsOf(trial.wait(1), "Probe")).toMatchObject([{ probe: 3 }])
  })
})

describe("an instance out of service", () => {
  const out: ReadonlyArray<readonly [string, (trial: Trial) => unknown]> = [
    ["draining", (trial) => trial.send({ _tag: "InstanceDrained", instance: 1 })],
    [
      "out of its schedule",
      (trial) => trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: false }),
    ],
    ["lost", (trial) => trial.send({ _tag: "NodeLost", node: 1 })],
  ]

  it.each(out)("is not probed, parked or below the floor: %s", (_, take) => {
    const parked = openSmallMarket({ economy: synthetic })
    park(parked)
    take(parked)
    expect(commandsOf(parked.wait(3600 * second), "Probe")).toEqual([])
    const floored = sunk()
    take(floored)
    expect(commandsOf(floored.wait(3600 * second), "Probe")).toEqual([])
  })

  it("is probed as soon as it is back", () => {
    const trial = openSmallMarket({ economy: synthetic, slots: 8 })
    const late = nextRequest++
    arrive(trial, late)
    park(trial)
    endAttempt(trial, late, { outcome: "credentialRefused" })
    trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: false })
    expect(trial.wait(1800 * second)).toEqual([])
    expect(trial.send({ _tag: "CredentialReplaced", instance: 1 })).toEqual([])
    const back = trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable: true })
    expect(commandsOf(back, "Probe")).toMatchObject([{ purpose: "breaker" }])
  })

  it("may be answered for all the same, and its lost probe is noticed when it is back", () => {
    const trial = openSmallMarket({ economy: synthetic })
    park(trial)
    trial.wait(15 * second)
    const set = (isAvailable: boolean) =>
      trial.send({ _tag: "AvailabilityChanged", instance: 1, isAvailable })
    set(false)
    trial.wait(100 * second)
    expect(set(true)).toEqual([])
    expect(commandsOf(trial.wait(second), "Probe")).toMatchObject([{ probe: 2 }])
    set(false)
    expect(answer(trial, 2)).toEqual([])
    expect(viewOf(trial, 1)).toMatchObject({ reason: "OffSchedule", breaker: "closed" })
  })
})

describe("a parked instance probed by requests", () => {
  const halfOpened = (): Trial => {
    const trial = openSmallMarket({ economy: byRequest, slots: 8 })
    park(trial)
    expect(commandsOf(trial.wait(15 * second), "Probe")).toEqual([])
    return trial
  }

  it("gets exactly one request until it has ended", () => {
    const trial = halfOpened()
    const probe = nextRequest++
    expect(commandsOf(arrive(trial, probe), "Dispatch")).toHaveLength(1)
    expect(viewOf(trial, 1).reason).toBe("ProbeUnderWay")
    expect(call(trial, nextRequest++)).toBe(-1)
    endAttempt(trial, probe)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", breaker: "closed" })
  })

  it("is parked again by a failure, and free for another by a neutral one", () => {
    for (const outcome of ["consumerError", "consumerGone", "gatewayFault"] as const) {
      const trial = halfOpened()
      call(trial, nextRequest++, outcome)
      expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", breaker: "halfOpen" })
      call(trial, nextRequest++, "stalled")
      expect(viewOf(trial, 1)).toMatchObject({ reason: "Parked", breaker: "open", parks: 2 })
    }
  })

  it("is free for another when the lease of the first is over, whose end then says nothing", () => {
    const trial = halfOpened()
    const probe = nextRequest++
    arrive(trial, probe)
    trial.wait(30 * second - 1)
    expect(call(trial, nextRequest++)).toBe(-1)
    trial.wait(1)
    const other = nextRequest++
    expect(commandsOf(arrive(trial, other), "Dispatch")).toHaveLength(1)
    endAttempt(trial, probe)
    expect(viewOf(trial, 1).breaker).toBe("halfOpen")
    endAttempt(trial, other)
    expect(viewOf(trial, 1).breaker).toBe("closed")
  })

  it("is not stuck where it is below the floor as well", () => {
    const trial = openSmallMarket({ economy: byRequest, slots: 8 })
    // Slow streams that end in failures: the fifth takes it below the floor, the third parked it.
    const requests = [1, 2, 3, 4, 5].map(() => nextRequest++)
    for (const request of requests) arrive(trial, request)
    for (const request of requests)
      endAttempt(trial, request, {
        outcome: "truncated",
        outputTokens: 40,
        decodeMicros: 10 * second,
      })
    expect(viewOf(trial, 1).reason).toBe("Parked")
    const probes = commandsOf(trial.wait(15 * second), "Probe")
    expect(probes).toMatchObject([{ purpose: "floor" }])
    answer(trial, probes[0]?.probe ?? 0)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", breaker: "halfOpen" })
    expect(call(trial, nextRequest++)).toBe(1)
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", breaker: "closed" })
  })
})

describe("an instance below the floor", () => {
  it("gets no requests, and a probe every 5 minutes", () => {
    const trial = sunk()
    expect(call(trial, nextRequest++)).toBe(-1)
    expect(trial.wait(300 * second - 1)).toEqual([])
    for (let i = 1; i <= 3; i++) {
      expect(trial.wait(1)).toEqual([
        { _tag: "Probe", instance: 1, probe: i, purpose: "floor", tokens: 32 },
      ])
      answer(trial, i, "completed", { outputTokens: 32, decodeMicros: 10 * second })
      expect(trial.wait(300 * second - 1)).toEqual([])
    }
  })

  it("is let in again at 5.5 tok/s, not below", () => {
    const trial = sunk()
    trial.wait(300 * second)
    // 55 tokens after the first, in 10 s and a microsecond.
    answer(trial, 1, "completed", { outputTokens: 56, decodeMicros: 10 * second + 1 })
    expect(viewOf(trial, 1).reason).toBe("BelowFloor")
    trial.wait(300 * second)
    answer(trial, 2, "completed", { outputTokens: 56, decodeMicros: 10 * second })
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("is not let in by a probe that was too short to measure, or that failed", () => {
    const trial = sunk()
    for (const [probe, outcome, outputTokens, decodeMicros] of [
      [1, "completed", 1, 0],
      [2, "completed", 31, 1000],
      [3, "truncated", 64, 1000],
      [4, "consumerGone", 64, 1000],
    ] as const) {
      expect(commandsOf(trial.wait(300 * second), "Probe")).toMatchObject([{ probe }])
      answer(trial, probe, outcome, { outputTokens, decodeMicros })
      expect(viewOf(trial, 1).reason).toBe("BelowFloor")
    }
    trial.wait(300 * second)
    answer(trial, 5, "completed", { outputTokens: 32, decodeMicros: 1000 })
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("is probed with as many tokens as are measured, and given the time that they take", () => {
    const trial = sunk(economyWith({ floor: { minStreamTokens: 362 } }, synthetic), 400)
    expect(trial.wait(300 * second)).toEqual([
      { _tag: "Probe", instance: 1, probe: 1, purpose: "floor", tokens: 362 },
    ])
    // 330 tokens more than an ordinary probe, at 5.5 a second: the lease is a minute longer.
    trial.wait(90 * second - 1)
    answer(trial, 1, "completed", { outputTokens: 362, decodeMicros: 65 * second })
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("starts with no streams when it is back: one slow one does not sink it again", () => {
    const trial = sunk()
    trial.wait(300 * second)
    answer(trial, 1)
    for (let i = 0; i < 4; i++) {
      const request = nextRequest++
      arrive(trial, request)
      endAttempt(trial, request, { outputTokens: 40, decodeMicros: 10 * second })
      expect(viewOf(trial, 1).reason).toBe("Eligible")
    }
  })

  it("can be parked too, and comes back through both probes", () => {
    const trial = openSmallMarket({ economy: synthetic, slots: 8 })
    const requests = [1, 2, 3, 4, 5].map(() => nextRequest++)
    for (const request of requests) arrive(trial, request)
    for (const request of requests)
      endAttempt(trial, request, {
        outcome: "truncated",
        outputTokens: 40,
        decodeMicros: 10 * second,
      })
    expect(commandsOf(trial.wait(15 * second), "Probe")).toMatchObject([
      { purpose: "breaker", tokens: 32 },
    ])
    expect(commandsOf(answer(trial, 1), "Probe")).toMatchObject([{ probe: 2, purpose: "floor" }])
    answer(trial, 2)
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })
})

describe("a probe's end", () => {
  it("that cannot be is rejected, and changes nothing", () => {
    const trial = openSmallMarket({ economy: synthetic })
    expect(rejectionOf(answer(trial, 1))).toBe("StaleProbe")
    park(trial)
    trial.wait(15 * second)
    const fact = {
      _tag: "ProbeEnded",
      instance: 1,
      probe: 1,
      outcome: "completed",
      retryAfterMicros: 0,
    } as const
    const reasons = [
      { ...fact, outputTokens: 32, decodeMicros: 1, instance: 9 },
      { ...fact, outputTokens: 32, decodeMicros: 1, probe: 2 },
      { ...fact, outputTokens: Number.NaN, decodeMicros: 1 },
      { ...fact, outputTokens: -1, decodeMicros: 1 },
      { ...fact, outputTokens: 32, decodeMicros: -1 },
      { ...fact, outputTokens: 32, decodeMicros: 0.5 },
      { ...fact, outputTokens: 32, decodeMicros: 1, retryAfterMicros: -1 },
    ].map((one) => rejectionOf(trial.send(one)))
    expect(reasons).toEqual([
      "UnknownInstance",
      "StaleProbe",
      "InvalidQuantity",
      "InvalidQuantity",
      "InvalidQuantity",
      "InvalidQuantity",
      "InvalidQuantity",
    ])
    expect(viewOf(trial, 1).reason).toBe("ProbeUnderWay")
  })
})
