/**
 * The breaker of one instance against the naive model that keeps all failure times, by fast-check's
 * commands: attempts begin and end in any order, probes are answered, lost or late, streams are slow,
 * nodes come and go, time passes.
 */
import fc from "fast-check"
import { describe, it } from "vitest"
import { assertProperty } from "../support/property.ts"
import type { Model, Real, Step } from "./breaker-steps.ts"
import {
  answer,
  begin,
  beginFor,
  beginBoth,
  comeBack,
  compare,
  end,
  lose,
  wait,
} from "./breaker-steps.ts"

const second = 1_000_000

const commandOf = ({ name, isPossible, run }: Step): fc.Command<Model, Real> => ({
  check: isPossible,
  run: (m, r) => {
    run(m, r)
    compare(m, r)
  },
  toString: () => name,
})

const index = fc.nat(7)
/** Times at, just before and just after every edge of the rules, and in between. */
const pause = fc.oneof(
  fc.constantFrom(
    1,
    second,
    15 * second - 1,
    15 * second,
    30 * second,
    60 * second,
    60 * second + 1,
  ),
  fc.nat(20 * second),
)

const steps: ReadonlyArray<fc.Arbitrary<Step>> = [
  fc.constantFrom(begin),
  fc.constantFrom(begin),
  fc.constantFrom(begin),
  fc.constantFrom(beginFor(2)),
  index.map((i) => end(i, "stalled", "failure")),
  index.map((i) => end(i, "truncated", "failure")),
  fc.tuple(index, fc.nat(9)).map(([i, lot]) => end(i, "connectFailed", "failure", lot === 0)),
  fc.tuple(index, fc.nat(9)).map(([i, lot]) => end(i, "completed", "success", lot === 0)),
  index.map((i) => end(i, "consumerError", "neutral")),
  index.map((i) => end(i, "consumerGone", "neutral")),
  fc.constantFrom(answer("completed", "success"), answer("completed", "success", true)),
  fc.constantFrom(answer("stalled", "failure")),
  fc.constantFrom(answer("gatewayFault", "neutral")),
  pause.map(wait),
  fc.nat(3 * second).map(wait),
  fc.constantFrom(lose),
  fc.constantFrom(comeBack),
  fc.constantFrom(comeBack),
]

const histories = fc.commands(
  steps.map((one) => one.map(commandOf)),
  { maxCommands: 300, size: "max" },
)

const setting = fc.record({
  breaker: fc.record({
    threshold: fc.constantFrom(1, 2, 3, 4),
    windowSeconds: fc.constantFrom(2, 60),
    cooldownSeconds: fc.constantFrom(1, 15),
    probe: fc.constantFrom("synthetic" as const, "request" as const),
    probeTokens: fc.constant(32),
    probeLeaseSeconds: fc.constantFrom(5, 30),
    probeRetrySeconds: fc.constantFrom(1, 40),
    minFailureRatio: fc.constantFrom(0, 0.1, 0.5),
  }),
  minWitnesses: fc.constantFrom(1 as const, 2 as const),
  floorProbeSeconds: fc.constantFrom(20, 300),
})

describe("the breaker", () => {
  it("does what a list of all failures would, through any history", async () => {
    await assertProperty(
      fc.property(setting, histories, (knobs, history) => {
        fc.modelRun(() => beginBoth(knobs), history)
      }),
    )
  })
})
