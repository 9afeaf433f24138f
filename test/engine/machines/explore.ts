/** What holds of every machine, by visiting all of its states. */
import type { Machine } from "../../../engine/core/machine.ts"
import { statesOf, transitionsOf } from "../../../engine/core/machine.ts"

/**
 * What is wrong with a machine: states that cannot be reached; final states with a way out, and others
 * without one; states that lead nowhere: neither to a final one, nor back to the initial one, nor to one that is kept
 * for good.
 */
export const faultsOf = (one: Machine<string, string, string>): ReadonlyArray<string> => {
  const states = statesOf(one)
  const transitions = transitionsOf(one)
  const movesOf = (state: string) => Object.values(one.table[state] ?? {})
  const isKept = (state: string) => movesOf(state).every((made) => made?.[0] === state)
  const reached = new Set([one.initial, ...transitions.map(({ to }) => to)])
  const goals = new Set([...one.final, ...states.filter(isKept)])
  if (goals.size === 0) goals.add(one.initial)
  for (let before = -1; before < goals.size;) {
    before = goals.size
    for (const { from, to } of transitions) if (goals.has(to)) goals.add(from)
  }
  return [
    ...states.filter((state) => !reached.has(state)).map((state) => `${state} is never reached`),
    ...states
      .filter((state) => (movesOf(state).length === 0) !== one.final.includes(state))
      .map((state) => `${state} is final, or has no way out, and not both`),
    ...states.filter((state) => !goals.has(state)).map((state) => `${state} leads nowhere`),
  ]
}
