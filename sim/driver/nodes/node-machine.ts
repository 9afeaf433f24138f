/**
 * The two machines that a node is made of: what it is doing (`nodeLife`), and whether it can be
 * reached (`nodeReach`). Neither knows the other; `nodes.ts` acts on what they put out.
 */
import type { Machine, Move } from "../../../engine/index.ts"
import { machine, move, statesOf } from "../../../engine/index.ts"

export const nodeLife = machine({
  name: "life of a node",
  meaning: "What a node of the simulator is doing, from its registration until it is gone.",
  initial: "starting",
  final: ["gone"],
  table: {
    /** Loads its first model. */
    starting: {
      loaded: ["serving", "startInstance"],
      repaired: ["starting", "load"],
      leaves: ["drainingToLeave"],
    },
    serving: {
      switches: ["drainingToSwitch", "drain"],
      repaired: ["serving"],
      leaves: ["drainingToLeave", "drain"],
    },
    drainingToSwitch: {
      isEmpty: ["loading", "load"],
      repaired: ["drainingToSwitch"],
      leaves: ["drainingToLeave", "drain"],
    },
    /** Loads the model that it switches to. */
    loading: {
      loaded: ["serving", "switchModel"],
      repaired: ["loading", "load"],
      leaves: ["drainingToLeave", "drain"],
    },
    drainingToLeave: { isEmpty: ["gone", "remove"], repaired: ["drainingToLeave"] },
    gone: {},
  },
})

export const nodeReach = machine({
  name: "reach of a node",
  meaning:
    "Whether a node can be reached: its machine may be down, noticed or not, and taken for other uses.",
  initial: "present",
  final: [],
  table: {
    present: {
      crashes: ["crashed"],
      crashesWithLead: ["crashedWithLead"],
      goesAway: ["away", "tellLost"],
    },
    /** Down, and nobody has noticed. */
    crashed: {
      isNoticed: ["down", "tellLost"],
      isRepaired: ["present"],
      goesAway: ["crashedAway", "tellLost"],
    },
    /** Down with the machine, whose first node alone is watched: the market is not told. */
    crashedWithLead: { isRepaired: ["present"], goesAway: ["downAway", "tellLost"] },
    down: { isRepaired: ["present", "tellReturned"], goesAway: ["downAway"] },
    away: {
      crashes: ["crashedAway"],
      crashesWithLead: ["downAway"],
      goesAway: ["away"],
      returns: ["present", "tellReturned"],
    },
    crashedAway: {
      isNoticed: ["downAway"],
      isRepaired: ["away"],
      goesAway: ["crashedAway"],
      returns: ["crashed", "tellReturned"],
    },
    downAway: { isRepaired: ["away"], goesAway: ["downAway"], returns: ["down"] },
  },
})

/** What follows on an input. What is not possible is a mistake in the simulator, and throws. */
export const follow = <S extends string, I extends string, O extends string>(
  of: Machine<S, I, O>,
  state: S,
  input: I,
): Move<S, O> => {
  const next = move(of, state, input)
  if (next === undefined) throw new Error(`simulator: ${of.name}: ${input} in ${state}`)
  return next
}

/** States by number, for the nodes' table. */
export const phases = statesOf(nodeLife)
export const reaches = statesOf(nodeReach)

export const starting = phases.indexOf("starting")
export const serving = phases.indexOf("serving")
export const drainingToSwitch = phases.indexOf("drainingToSwitch")
export const loading = phases.indexOf("loading")
export const drainingToLeave = phases.indexOf("drainingToLeave")
export const gone = phases.indexOf("gone")

export const present = reaches.indexOf("present")

/** By number: is the machine up, and is it taken for other uses? */
const up = reaches.map((reach) => reach === "present" || reach === "away")
const away = reaches.map((reach) => reach === "away" || reach.endsWith("Away"))
export const isUp = (reach: number): boolean => up[reach]
export const isAway = (reach: number): boolean => away[reach]

type InputOf<M> = M extends Machine<string, infer I extends string, string> ? I : never
type OutputOf<M> = M extends Machine<string, string, infer O extends string> ? O : never
export type LifeInput = InputOf<typeof nodeLife>
export type LifeOutput = OutputOf<typeof nodeLife>
export type ReachInput = InputOf<typeof nodeReach>
