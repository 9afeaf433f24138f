import { countIn } from "../../../../engine/rules/health.ts"
import { describe, expect, it } from "vitest"
import { balanceOf } from "../../../../engine/ledger/accounts.ts"
import { slotOf } from "../../../../engine/core/table.ts"
import {
  arrive,
  call,
  commandsOf,
  consumer,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
  viewOf,
} from "../../../support/market.ts"
import type { SmallMarket, Trial } from "../../../support/market.ts"
import type { Command } from "../../../../engine/protocol/command.ts"

const credit = 1_000_000
const grown = economyWith({ ramp: { start: 1 } })

const open = (options: SmallMarket = {}): Trial => openSmallMarket({ economy: grown, ...options })
const balance = (trial: Trial, account = consumer) =>
  balanceOf(trial.market.ledger, slotOf(trial.market.accounts, account))
const refusal = (commands: ReadonlyArray<Command>) => commandsOf(commands, "Refuse")[0]?.reason
const dispatch = (commands: ReadonlyArray<Command>) => commandsOf(commands, "Dispatch")[0]

describe("a request that arrives", () => {
  it("is held for the worst case and dispatched", () => {
    const trial = open({ outputPricePerMtok: 3 * credit })
    const arrived = arrive(trial, 7, { inputTokens: 100, maxTokens: 200 })
    expect(arrived).toEqual([{ _tag: "Dispatch", request: 7, attempt: 0, instance: 1 }])
    expect(balance(trial).held).toBe(100 + 600)
    expect(viewOf(trial, 1).inFlight).toBe(1)
  })

  it("is refused without the credits, and nothing is dispatched or held", () => {
    const trial = open({ credit: 0, inputPricePerMtok: 0, outputPricePerMtok: credit })
    // 5 credits were given: exactly 5 million tokens.
    expect(refusal(arrive(trial, 1, { maxTokens: 5_000_001 }))).toBe("InsufficientCredits")
    expect(balance(trial).held).toBe(0)
    expect(dispatch(arrive(trial, 2, { maxTokens: 5_000_000 }))).toBeDefined()
    expect(refusal(arrive(trial, 3, { maxTokens: 1 }))).toBe("InsufficientCredits")
    endAttempt(trial, 2, { outcome: "consumerError" })
    expect(dispatch(arrive(trial, 4, { maxTokens: 1 }))).toBeDefined()
  })

  it("is refused where the price is above what the consumer accepts, not at it", () => {
    const trial = open({ outputPricePerMtok: 500 })
    const request = {
      _tag: "RequestArrived",
      account: 1,
      model: 1,
      inputTokens: 1,
      maxTokens: 1,
    } as const
    const arrived = [499, 500, 501].map((maxPricePerMtok, i) =>
      refusal(trial.send({ ...request, request: i + 1, maxPricePerMtok })),
    )
    expect(arrived).toEqual(["PriceTooHigh", undefined, undefined])
  })

  it("is refused where no instance serves the model, or none has room", () => {
    expect(refusal(arrive(open({ nodes: 0 }), 1))).toBe("NoInstance")
    const trial = open({ slots: 1 })
    arrive(trial, 1)
    expect(refusal(arrive(trial, 2))).toBe("NoCapacity")
    expect(balance(trial).held).toBe(300)
  })

  it.each([
    [{ request: 4 }, "DuplicateRequest"],
    [{ request: 5 }, "DuplicateRequest"],
    [{ request: 6.5 }, "InvalidQuantity"],
    [{ inputTokens: -1 }, "InvalidQuantity"],
    [{ maxTokens: Number.NaN }, "InvalidQuantity"],
    [{ maxTokens: 100_000_001 }, "TooManyTokens"],
    [{ inputTokens: 100_000_001 }, "TooManyTokens"],
    [{ account: 99 }, "UnknownAccount"],
    [{ model: 99 }, "UnknownModel"],
  ])("%j is rejected: %s", (wrong, reason) => {
    const trial = open()
    arrive(trial, 5)
    const event = {
      _tag: "RequestArrived",
      request: 6,
      account: 1,
      model: 1,
      inputTokens: 1,
      maxTokens: 1,
      ...wrong,
    } as const
    expect(rejectionOf(trial.send(event))).toBe(reason)
    expect(dispatch(arrive(trial, 6))).toBeDefined()
  })
})

describe("an attempt that fails before the first token", () => {
  it("is tried on other instances, none twice, at most two more times", () => {
    for (const nodes of [1, 2, 3, 4, 9]) {
      const trial = open({ nodes })
      const used: Array<number> = []
      let next = dispatch(arrive(trial, 1))
      let attempt = 0
      let ended: ReadonlyArray<Command> = []
      while (next !== undefined) {
        expect(next.attempt).toBe(attempt)
        used.push(next.instance)
        ended = endAttempt(trial, 1, { outcome: "connectFailed", attempt })
        attempt++
        next = dispatch(ended)
      }
      expect(used).toHaveLength(Math.min(nodes, 3))
      expect(new Set(used).size).toBe(used.length)
      expect(refusal(ended)).toBe("AttemptFailed")
      expect(balance(trial).held).toBe(0)
      for (let instance = 1; instance <= nodes; instance++)
        expect(viewOf(trial, instance)).toMatchObject({ inFlight: 0, reason: "Eligible" })
    }
  })

  it("is retried for a failure, backpressure or a refused credential, and for nothing else", () => {
    for (const [outcome, isRetried] of [
      ["upstreamError", true],
      ["firstTokenTimeout", true],
      ["malformed", true],
      ["backpressure", true],
      ["credentialRefused", true],
      ["consumerError", false],
      ["consumerGone", false],
      ["gatewayFault", false],
      ["completed", false],
    ] as const) {
      const trial = open({ nodes: 2 })
      arrive(trial, 1)
      const ended = endAttempt(trial, 1, { outcome, outputTokens: 0 })
      expect([outcome, dispatch(ended) !== undefined]).toEqual([outcome, isRetried])
      if (!isRetried)
        expect(commandsOf(ended, "Finish")).toMatchObject([{ outcome, charge: 0, outputTokens: 0 }])
    }
  })

  it("is not retried after a byte reached the consumer", () => {
    const trial = open({ nodes: 2 })
    arrive(trial, 1)
    const ended = endAttempt(trial, 1, { outcome: "stalled", outputTokens: 1 })
    expect(dispatch(ended)).toBeUndefined()
    expect(commandsOf(ended, "Finish")).toMatchObject([{ outcome: "stalled", outputTokens: 1 }])
  })

  it("pays whoever delivered in the end, and nobody else", () => {
    const trial = open({ nodes: 3 })
    arrive(trial, 1)
    endAttempt(trial, 1, { outcome: "stalled" })
    const second = dispatch(endAttempt(trial, 1, { outcome: "stalled", attempt: 1 }))
    const finish = commandsOf(endAttempt(trial, 1, { attempt: 2 }), "Finish")[0]
    expect(finish?.instance).toBe(second?.instance)
    for (let instance = 1; instance <= 3; instance++)
      expect(balance(trial, 1000 + instance).earned).toBe(
        instance === finish?.instance ? finish.share : 0,
      )
  })

  it("ends where the economy allows no retry", () => {
    const trial = open({ nodes: 3, economy: economyWith({ routing: { maxRetries: 0 } }, grown) })
    arrive(trial, 1)
    expect(refusal(endAttempt(trial, 1, { outcome: "stalled" }))).toBe("AttemptFailed")
  })

  it("does not lose count where the instance stops meanwhile", () => {
    const trial = open({ nodes: 2 })
    const first = dispatch(arrive(trial, 1))?.instance ?? 0
    trial.send({ _tag: "InstanceStopped", instance: first })
    expect(dispatch(endAttempt(trial, 1, { outcome: "stalled" }))?.instance).toBe(3 - first)
    expect(slotOf(trial.market.instances, first)).toBe(-1)
    expect(commandsOf(endAttempt(trial, 1, { attempt: 1 }), "Finish")).toHaveLength(1)
  })
})

describe("an attempt's end", () => {
  it("counts for the attempt that is under way, and for no other", () => {
    const trial = open({ nodes: 2 })
    arrive(trial, 1)
    expect(rejectionOf(endAttempt(trial, 1, { attempt: 1 }))).toBe("StaleAttempt")
    endAttempt(trial, 1, { outcome: "stalled" })
    expect(rejectionOf(endAttempt(trial, 1, { attempt: 0 }))).toBe("StaleAttempt")
    endAttempt(trial, 1, { attempt: 1 })
    expect(rejectionOf(endAttempt(trial, 1, { attempt: 1 }))).toBe("UnknownRequest")
    expect([viewOf(trial, 1).inFlight, viewOf(trial, 2).inFlight]).toEqual([0, 0])
  })

  it.each([
    [{ request: 9 }, "UnknownRequest"],
    [{ attempt: -1 }, "StaleAttempt"],
    [{ outputTokens: 101 }, "TooManyTokens"],
    [{ outputTokens: 0.5 }, "InvalidQuantity"],
    [{ reportedTokens: -1 }, "InvalidQuantity"],
    [{ decodeMicros: Number.NaN }, "InvalidQuantity"],
    [{ retryAfterMicros: -1 }, "InvalidQuantity"],
  ])("%j is rejected: %s", (wrong, reason) => {
    const trial = open()
    arrive(trial, 1)
    const event = {
      _tag: "AttemptEnded",
      request: 1,
      attempt: 0,
      outcome: "completed",
      outputTokens: 1,
      reportedTokens: 1,
      decodeMicros: 1,
      retryAfterMicros: 0,
      ...wrong,
    } as const
    expect(rejectionOf(trial.send(event))).toBe(reason)
    expect(viewOf(trial, 1).inFlight).toBe(1)
  })

  it("without a token voids the whole hold", () => {
    const trial = open()
    const before = { ...balance(trial) }
    arrive(trial, 1)
    endAttempt(trial, 1, { outcome: "completed", outputTokens: 0 })
    expect(balance(trial)).toEqual(before)
  })

  it("of a call that asked for no tokens is charged for its input", () => {
    const trial = open({ inputPricePerMtok: credit })
    arrive(trial, 1, { inputTokens: 70, maxTokens: 0 })
    const [finish] = commandsOf(endAttempt(trial, 1, { outputTokens: 0 }), "Finish")
    expect(finish).toMatchObject({ charge: 70 })
  })

  it("with more tokens reported than counted is marked and audited beyond the tolerance", () => {
    const trial = open()
    arrive(trial, 1)
    expect(commandsOf(endAttempt(trial, 1, { reportedTokens: 108 }), "Audit")).toEqual([])
    expect(countIn(trial.market.health.sums, "failures", 0)).toBe(0)
    arrive(trial, 2)
    expect(commandsOf(endAttempt(trial, 2, { reportedTokens: 109 }), "Audit")).toEqual([
      { _tag: "Audit", subject: 1, finding: "OverReported", quantity: 9 },
    ])
    expect(countIn(trial.market.health.sums, "failures", 0)).toBe(1)
  })

  it("with a refused credential tells the operator", () => {
    const trial = open({ nodes: 2 })
    const first = dispatch(arrive(trial, 1))?.instance
    const ended = endAttempt(trial, 1, { outcome: "credentialRefused" })
    expect(commandsOf(ended, "Audit")).toEqual([
      { _tag: "Audit", subject: first, finding: "CredentialRefused", quantity: 1 },
    ])
    expect(dispatch(ended)?.instance).not.toBe(first)
  })
})

describe("a consumer's own errors", () => {
  it("change neither breaker nor score, however many", () => {
    const trial = open()
    for (let request = 1; request <= 500; request++) call(trial, request, "consumerError")
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", health: 0.95, parks: 0 })
    for (const request of [501, 502]) call(trial, request, "stalled")
    const { health } = viewOf(trial, 1)
    for (let request = 503; request <= 600; request++) call(trial, request, "consumerGone")
    expect(viewOf(trial, 1)).toMatchObject({ reason: "Eligible", health, parks: 0 })
  })
})

describe("least-loaded routing", () => {
  it("fills equal nodes evenly", () => {
    const trial = open({ nodes: 5, slots: 4 })
    for (let request = 1; request <= 20; request++) {
      expect(dispatch(arrive(trial, request))).toBeDefined()
      const inFlight = [1, 2, 3, 4, 5].map((instance) => viewOf(trial, instance).inFlight)
      expect(Math.max(...inFlight) - Math.min(...inFlight)).toBeLessThanOrEqual(1)
    }
    expect(refusal(arrive(trial, 21))).toBe("NoCapacity")
  })
})
