/**
 * Whose fault a failure was (`blame`), as the hardened economy judges it:
 *
 * - No sequence of calls by one consumer alone, whatever they end with, lowers a working host's health,
 *   opens its breaker, or suspends it. A working host knows its models, and refuses what others refuse.
 * - A call that fails alike wherever it is tried counts against nobody, whoever sends it.
 * - A host that answers 4xx where another serves the call has failed, as often as it does so.
 */
import fc from "fast-check"
import { describe, it } from "vitest"
import type { Command } from "../../engine/protocol/command.ts"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { outcomes } from "../../engine/protocol/event.ts"
import type { Outcome } from "../../engine/protocol/event.ts"
import { countIn } from "../../engine/rules/health.ts"
import { slotOf } from "../../engine/core/table.ts"
import {
  arrive,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  viewOf,
} from "../support/market.ts"
import type { Trial } from "../support/market.ts"
import { assertProperty } from "../support/property.ts"
import { ensure } from "./ensure.ts"

const nodes = 3
const instances = Array.from({ length: nodes }, (_, i) => i + 1)
const second = 1_000_000

/** Working hosts, at their full rate; accounts 1…4 are consumers that nobody links. */
const openMarket = (maxRetries: number): Trial => {
  const economy = economyWith({ ramp: { start: 1 }, routing: { maxRetries } }, hardened)
  const trial = openSmallMarket({ economy, nodes, tokensPerSecond: 1e6 })
  for (const account of [2, 3, 4]) {
    trial.send({ _tag: "AccountOpened", account })
    trial.send({ _tag: "CreditsBought", transfer: account, account, amount: 1e12 })
  }
  return trial
}

/** A working host answers every probe well. */
const answerProbes = (trial: Trial, commands: ReadonlyArray<Command>): void => {
  for (const { instance, probe, tokens } of commandsOf(commands, "Probe"))
    trial.send({
      _tag: "ProbeEnded",
      instance,
      probe,
      outcome: "completed",
      outputTokens: tokens,
      decodeMicros: 1,
      retryAfterMicros: 0,
    })
}

const failuresOf = ({ market }: Trial, instance: number): number =>
  countIn(market.health.sums, "failures", slotOf(market.instances, instance))

const expectUnharmed = (trial: Trial): void => {
  for (const instance of instances) {
    const view = viewOf(trial, instance)
    const failures = failuresOf(trial, instance)
    const isWell = view.breaker === "closed" && view.parks === 0 && view.reason !== "Suspended"
    ensure(isWell && failures === 0, "12: no working host is harmed by whoever calls it", () => ({
      view,
      failures,
    }))
  }
}

/** But for what no call can bring about: that a host does not know its own model. */
const anyOutcome = fc.constantFrom<Outcome>(...outcomes.filter((one) => one !== "notServed"))
const pause = fc.oneof(fc.nat(second), fc.nat(20 * second), fc.nat(2 * 3600 * second))

/** What the one consumer has its hosts answer, call by call; honest ones call in between. */
const deeds = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("begin" as const), pause }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("end" as const),
        which: fc.nat(20),
        outcome: anyOutcome,
        tokens: fc.constantFrom(0, 0, 0, 1, 40),
        isAnswered: fc.boolean(),
        pause,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("honest" as const), pause }) },
  ),
  { maxLength: 80, size: "max" },
)

describe("one consumer alone", () => {
  it("harms no working host, whatever its calls end with", async () => {
    await assertProperty(
      fc.property(fc.nat(3), deeds, (maxRetries, life) => {
        const trial = openMarket(maxRetries)
        const open: Array<{ readonly request: number; attempt: number; isRefused: boolean }> = []
        let request = 0
        for (const deed of life) {
          if (deed.kind === "begin") {
            request++
            const [first] = commandsOf(arrive(trial, request), "Dispatch")
            if (first !== undefined) open.push({ request, attempt: 0, isRefused: false })
          } else if (deed.kind === "honest") {
            request++
            const [first] = commandsOf(arrive(trial, request, { account: 2 }), "Dispatch")
            if (first !== undefined) endAttempt(trial, request)
          } else if (open.length > 0) {
            const at = deed.which % open.length
            const one = open[at]
            if (one === undefined) throw new Error("no such call")
            // Who serves what another host has refused shows that refusing it was wrong.
            const isServed = deed.outcome === "completed" || deed.tokens > 0
            const outcome = one.isRefused && isServed ? "consumerError" : deed.outcome
            if (outcome === "consumerError") one.isRefused = true
            const tokens = one.isRefused ? 0 : deed.tokens
            const outputTokens = outcome === "completed" ? Math.max(1, tokens) : tokens
            const out = endAttempt(trial, one.request, {
              outcome,
              attempt: one.attempt,
              outputTokens,
            })
            answerProbes(trial, out)
            const [next] = commandsOf(out, "Dispatch")
            if (next === undefined) open.splice(at, 1)
            else one.attempt = next.attempt
          }
          expectUnharmed(trial)
          answerProbes(trial, trial.wait(deed.pause))
          expectUnharmed(trial)
        }
      }),
    )
  })
})

/** A whole call, every attempt of which ends as told; gives the instances tried. */
const callEnding = (
  trial: Trial,
  request: number,
  account: number,
  outcomeOf: (instance: number) => Outcome,
): ReadonlyArray<number> => {
  const tried: Array<number> = []
  let [dispatch] = commandsOf(arrive(trial, request, { account }), "Dispatch")
  while (dispatch !== undefined) {
    const { attempt, instance } = dispatch
    tried.push(instance)
    const out = endAttempt(trial, request, { outcome: outcomeOf(instance), attempt })
    answerProbes(trial, out)
    dispatch = commandsOf(out, "Dispatch")[0]
  }
  return tried
}

/** But for a host that cannot be reached, which no call can bring about. */
const failing = fc.constantFrom<Outcome>(
  "upstreamError",
  "firstTokenTimeout",
  "stalled",
  "truncated",
  "malformed",
  "consumerError",
)

describe("a call that fails alike on different hosts", () => {
  it("counts against none of them, whoever sends how many", async () => {
    const calls = fc.array(
      fc.record({
        account: fc.integer({ min: 1, max: 4 }),
        outcome: failing,
        pause: fc.nat(second),
      }),
      { minLength: 1, maxLength: 60, size: "max" },
    )
    await assertProperty(
      fc.property(fc.integer({ min: 1, max: 3 }), calls, (maxRetries, sent) => {
        const trial = openMarket(maxRetries)
        sent.forEach(({ account, outcome, pause: micros }, request) => {
          const tried = callEnding(trial, request, account, () => outcome)
          ensure(tried.length > 1, "a second host is tried", () => tried)
          expectUnharmed(trial)
          answerProbes(trial, trial.wait(micros))
        })
      }),
    )
  })
})

describe("a host that answers 4xx where others serve", () => {
  it("has failed each time that consumers of different parties see it", async () => {
    const calls = fc.array(fc.boolean(), { minLength: 1, maxLength: 40, size: "max" })
    await assertProperty(
      fc.property(calls, (refuses) => {
        const trial = openMarket(2)
        let refused = 0
        refuses.forEach((isRefused, request) => {
          // Consumers take turns, rarely enough for the breaker to stay out of it.
          const tried = callEnding(trial, request, 1 + (request % 4), (instance) =>
            instance === 1 && isRefused ? "consumerError" : "completed",
          )
          if (isRefused && tried.includes(1)) refused++
          answerProbes(trial, trial.wait(61 * second))
        })
        const counted = failuresOf(trial, 1)
        // All that is left uncounted is one party's, and no more than it had of a majority.
        const waiting = trial.market.instances.columns.suspicions[0] ?? 0
        const isCounted = counted + waiting === refused
        const others = failuresOf(trial, 2) + failuresOf(trial, 3)
        ensure(isCounted && others === 0, "each refusal that others served is a failure", () => ({
          counted,
          waiting,
          refused,
          others,
        }))
      }),
    )
  })
})
