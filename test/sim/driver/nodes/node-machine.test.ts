/** The node's two machines, every state against every input, beside what the words for them say. */
import { describe, expect, it } from "vitest"
import type { Machine } from "../../../../engine/index.ts"
import { move, statesOf, transitionsOf } from "../../../../engine/index.ts"
import {
  follow,
  isAway,
  isUp,
  nodeLife,
  nodeReach,
  phases,
  reaches,
} from "../../../../sim/driver/nodes/node-machine.ts"

const inputsOf = <I extends string>(of: Machine<string, I, string>): ReadonlyArray<I> => [
  ...new Set(Object.values(of.table).flatMap((row) => Object.keys(row as object) as Array<I>)),
]

/** Every state against every input: where it leads, and what it puts out. */
const everything = (
  of: Machine<string, string, string>,
): ReadonlyArray<readonly [string, string]> =>
  statesOf(of).flatMap((state) => inputsOf(of).map((input) => [state, input] as const))

describe("the life of a node", () => {
  /** What may happen when, told apart by what the node has and does. */
  const expected = (state: string, input: string): ReadonlyArray<string> | undefined => {
    const isLoading = state === "starting" || state === "loading"
    const isDraining = state === "drainingToSwitch" || state === "drainingToLeave"
    const hasInstance = state !== "starting"
    if (state === "gone") return undefined
    switch (input) {
      case "loaded":
        if (!isLoading) return undefined
        return ["serving", state === "starting" ? "startInstance" : "switchModel"]
      case "switches":
        return state === "serving" ? ["drainingToSwitch", "drain"] : undefined
      case "leaves":
        if (state === "drainingToLeave") return undefined
        return ["drainingToLeave", ...(hasInstance ? ["drain"] : [])]
      case "isEmpty":
        if (!isDraining) return undefined
        return state === "drainingToSwitch" ? ["loading", "load"] : ["gone", "remove"]
      case "repaired":
        return [state, ...(isLoading ? ["load"] : [])]
      default:
        throw new Error(`no input ${input}`)
    }
  }

  it.each(everything(nodeLife))("in %s, at %s", (state, input) => {
    expect(move(nodeLife as Machine<string, string, string>, state, input)).toEqual(
      expected(state, input),
    )
  })

  it("comes to every state, and ends only where nothing follows", () => {
    const reached = new Set(transitionsOf(nodeLife).flatMap(({ from, to }) => [from, to]))
    expect([...reached].toSorted()).toEqual([...phases].toSorted())
    expect(
      statesOf(nodeLife).filter((state) => Object.keys(nodeLife.table[state]).length === 0),
    ).toEqual(nodeLife.final)
  })
})

describe("the reach of a node", () => {
  /** Up or down, away or not, and whether anyone who watches has noticed that it is down. */
  const facts = {
    present: { up: true, away: false, known: false },
    crashed: { up: false, away: false, known: false },
    crashedWithLead: { up: false, away: false, known: true },
    down: { up: false, away: false, known: true },
    away: { up: true, away: true, known: false },
    crashedAway: { up: false, away: true, known: false },
    downAway: { up: false, away: true, known: true },
  } as const
  type State = keyof typeof facts

  /** What the market was told of a node: of one that fell with its machine's first node, nothing. */
  const isLost = (state: State): boolean =>
    state !== "crashedWithLead" && (facts[state].away || (!facts[state].up && facts[state].known))

  /** The input's own change of the facts; undefined: it cannot be. */
  const changed = (state: State, input: string) => {
    const { up, away, known } = facts[state]
    switch (input) {
      case "crashes":
        return up ? { up: false, away, known: false } : undefined
      case "crashesWithLead":
        return up ? { up: false, away, known: true } : undefined
      case "isNoticed":
        return up || known ? undefined : { up, away, known: true }
      case "isRepaired":
        return up ? undefined : { up: true, away, known: false }
      case "goesAway":
        return { up, away: true, known }
      case "returns":
        return away ? { up, away: false, known } : undefined
      default:
        throw new Error(`no input ${input}`)
    }
  }

  it.each(everything(nodeReach))("in %s, at %s", (from, input) => {
    const state = from as State
    const found = move(nodeReach as Machine<string, string, string>, state, input)
    const after = changed(state, input)
    expect(found === undefined).toBe(after === undefined)
    if (found === undefined) return
    const [next, ...outputs] = found
    expect(facts[next as State]).toEqual(after)
    const told =
      isLost(next as State) === isLost(state) ? [] : isLost(state) ? ["tellReturned"] : ["tellLost"]
    expect(outputs).toEqual(told)
  })

  it("is what its number says", () => {
    for (const [number, state] of reaches.entries())
      expect([isUp(number), isAway(number)]).toEqual([facts[state].up, facts[state].away])
  })

  it("comes to every state", () => {
    const reached = new Set(transitionsOf(nodeReach).map(({ from }) => from))
    expect([...reached].toSorted()).toEqual([...reaches].toSorted())
  })
})

describe("an input that is not possible", () => {
  it("is a mistake, and throws", () => {
    expect(() => follow(nodeLife, "serving", "loaded")).toThrow(
      "simulator: life of a node: loaded in serving",
    )
  })
})
