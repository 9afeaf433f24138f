import { describe, expect, it } from "vitest"
import { move } from "../../../../engine/index.ts"
import type {
  CallInput,
  CallOutput,
  CallState,
  ReaderInput,
} from "../../../../live/gateway/call/call-machine.ts"
import { callMachine, readerMachine } from "../../../../live/gateway/call/call-machine.ts"
import type { Naive } from "../../support/explore.ts"
import { exploreBeside, expectWellFormed } from "../../support/explore.ts"

const inputs: ReadonlyArray<CallInput> = [
  "dispatched",
  "dispatchedWhole",
  "dispatchedInVain",
  "queued",
  "chunk",
  "text",
  "completed",
  "failed",
  "stopped",
  "holdWritten",
  "served",
  "ended",
  "chargeWritten",
  "chargeLost",
]

/** A call as flags, one for each thing that is so or not. */
interface Flags {
  /** Whether the answer streams; undefined: nothing was dispatched yet. */
  readonly isStream?: boolean
  /** No host has room yet. */
  readonly isWaiting?: true
  readonly isHoldAsked?: true
  readonly isHeld?: true
  /** An attempt is under way. */
  readonly runs?: true
  /** Text of it waits for the hold. */
  readonly hasText?: true
  /** A whole stream waits for the hold. */
  readonly isComplete?: true
  /** Bytes went out. */
  readonly isOpen?: true
  readonly isCharging?: true
  readonly isOver?: true
}

const without = ({ ...flags }: Flags, ...names: ReadonlyArray<keyof Flags>): Flags => {
  for (const name of names) delete flags[name]
  return flags
}

const naiveCall: Naive<Flags, CallInput, CallOutput> = (flags, input) => {
  const on = (model: Flags, ...outputs: ReadonlyArray<CallOutput>) => ({ model, outputs })
  const { isWaiting, runs, isComplete, isCharging, isOver, isOpen, isHeld, isHoldAsked, isStream } =
    flags
  if (isOver) return undefined
  const hasKernelTheWord = !runs && !isComplete && !isCharging
  switch (input) {
    case "dispatched":
      if (!hasKernelTheWord || isOpen || isStream === false) return undefined
      return on(
        { ...without(flags, "isWaiting"), isStream: true, isHoldAsked: true, runs: true },
        ...(isHoldAsked ? [] : ["awaitHold" as const]),
        "startAttempt",
      )
    case "dispatchedWhole":
      if (!hasKernelTheWord || isStream === true) return undefined
      return on({ ...without(flags, "isWaiting"), isStream: false, runs: true }, "startAttempt")
    case "queued":
      return hasKernelTheWord && isStream === undefined
        ? on({ ...flags, isWaiting: true })
        : undefined
    case "dispatchedInVain":
      return hasKernelTheWord && !isOpen && !isWaiting ? on(flags, "tellNotBegun") : undefined
    case "chunk":
    case "text":
      if (!runs) return undefined
      if (!isStream) return on(flags, "collect")
      if (isOpen) return on(flags, "pass")
      if (input === "chunk") return on(flags, "keep")
      return isHeld
        ? on({ ...flags, isOpen: true }, "keep", "flush")
        : on({ ...flags, hasText: true }, "keep")
    case "completed": {
      if (!runs) return undefined
      const ended = without(flags, "runs", "hasText")
      if (!isStream || isOpen) return on(ended, "tell")
      return isHeld
        ? on({ ...ended, isOpen: true }, "flush", "tell")
        : on({ ...ended, isComplete: true })
    }
    case "failed":
      return runs ? on(without(flags, "runs", "hasText"), "tell") : undefined
    case "stopped":
      if (isWaiting) return on(without(flags, "isWaiting"), "withdraw")
      return runs || isComplete
        ? on(without(flags, "runs", "hasText", "isComplete"), "stop", "tell")
        : on(flags)
    case "holdWritten": {
      if (!isHoldAsked || isHeld) return undefined
      const held: Flags = { ...without(flags, "hasText", "isComplete"), isHeld: true }
      if (isComplete) return on({ ...held, isOpen: true }, "flush", "tell")
      return flags.hasText ? on({ ...held, isOpen: true }, "flush") : on(held)
    }
    case "served":
      return hasKernelTheWord && (isStream === false || isOpen)
        ? // What was answered, and how, plays no part any more.
          on({ isCharging: true }, "awaitCharge")
        : undefined
    case "ended":
      return hasKernelTheWord ? on({ isOver: true }, "conclude") : undefined
    case "chargeWritten":
      return isCharging ? on({ isOver: true }, "conclude") : undefined
    case "chargeLost":
      return isCharging ? on({ isOver: true }, "concludeUnwritten") : undefined
  }
}

describe("the machine of a call", () => {
  it("has only states that are reached, and one end", () => {
    expectWellFormed(callMachine, inputs)
  })

  it("does what flags would do, whatever happens in whatever order", () => {
    const meanings = exploreBeside(callMachine, inputs, {}, naiveCall)
    // No state stands for two things that differ.
    for (const [state, flags] of meanings) expect(flags, state).toHaveLength(1)
  })

  it("lets no byte out before the hold is on disk, and tells the end of each attempt once", () => {
    for (const path of pathsOf(inputs)) {
      let isHeld = false
      let untold = 0
      for (const [input, output] of path) {
        isHeld ||= input === "holdWritten"
        if (output === "flush" || output === "pass") expect(isHeld).toBe(true)
        if (output === "startAttempt") untold += 1
        if (output === "tell") untold -= 1
        expect([0, 1]).toContain(untold)
        if (output === "conclude" || output === "concludeUnwritten") expect(untold).toBe(0)
      }
    }
  })
})

/** Outputs with their inputs, of every way through the table that takes each of its rows once at most. */
function* pathsOf(
  all: ReadonlyArray<CallInput>,
  state: CallState = callMachine.initial,
  taken: ReadonlySet<string> = new Set(),
): Generator<ReadonlyArray<readonly [CallInput, CallOutput | undefined]>> {
  let isEnd = true
  for (const input of all) {
    const found = move(callMachine, state, input)
    const row = `${state} ${input}`
    if (found === undefined || taken.has(row) || found[0] === state) continue
    isEnd = false
    const [next, ...outputs] = found
    const these = [undefined, ...outputs].map((output) => [input, output] as const)
    for (const rest of pathsOf(all, next, new Set(taken).add(row))) yield [...these, ...rest]
  }
  if (isEnd) yield []
}

describe("the machine of a reader", () => {
  const readerInputs: ReadonlyArray<ReaderInput> = ["paused", "resumed", "stalled", "left"]

  it("has only states that are reached, and one end", () => {
    expectWellFormed(readerMachine, readerInputs)
  })

  it("stops the host once, when the consumer leaves or takes nothing for too long", () => {
    const meanings = exploreBeside(
      readerMachine,
      readerInputs,
      "reading",
      (model: string, input) => {
        if (model === "gone") return undefined
        if (input === "left") return { model: "gone", outputs: ["stop"] }
        if (input === "paused")
          return model === "reading" ? { model: "paused", outputs: ["pause"] } : undefined
        if (model === "reading") return undefined
        return input === "resumed"
          ? { model: "reading", outputs: ["resume"] }
          : { model: "gone", outputs: ["timeOut", "stop"] }
      },
    )
    for (const [state, models] of meanings) expect(models).toEqual([state])
  })
})
