/** What holds of every machine, by visiting all of its states. */
import { expect } from "vitest"
import type { Machine } from "../../../engine/core/machine.ts"
import { move, statesOf, transitionsOf } from "../../../engine/core/machine.ts"

export const inputsOf = (one: Machine<string, string, string>): ReadonlyArray<string> => [
  ...new Set(statesOf(one).flatMap((state) => Object.keys(one.table[state] ?? {}))),
]

/**
 * Every state can be reached; those that are final, and no others, have no way out; from every state a
 * final one or, where there is none, the initial one can be reached, so that nothing is stuck; and
 * whatever is not in the table changes nothing.
 */
export const explore = (one: Machine<string, string, string>): void => {
  const transitions = transitionsOf(one)
  const reached = new Set([one.initial, ...transitions.map(({ to }) => to)])
  expect([...reached].toSorted(), `${one.name}: states that are reached`).toEqual(
    statesOf(one).toSorted(),
  )
  const withoutExit = statesOf(one).filter(
    (state) => Object.keys(one.table[state] ?? {}).length === 0,
  )
  expect(withoutExit, `${one.name}: states without a way out`).toEqual([...one.final])
  const goals = new Set(one.final.length === 0 ? [one.initial] : one.final)
  for (let grown = true; grown;) {
    grown = false
    for (const { from, to } of transitions)
      if (goals.has(to) && !goals.has(from)) {
        goals.add(from)
        grown = true
      }
  }
  const stuck = statesOf(one).filter((state) => !goals.has(state) && !isOneWay(one, state))
  expect(stuck, `${one.name}: states that lead nowhere`).toEqual([])
  for (const state of statesOf(one))
    for (const input of inputsOf(one)) {
      const made = move(one, state, input)
      const listed = transitions.filter((each) => each.from === state && each.input === input)
      expect(listed, `${one.name}: ${input} while ${state}`).toHaveLength(
        made === undefined ? 0 : 1,
      )
      if (made !== undefined) expect(statesOf(one)).toContain(made[0])
    }
}

/** A state that is never left on purpose: all of its inputs lead to itself. */
const isOneWay = (one: Machine<string, string, string>, state: string): boolean =>
  Object.values(one.table[state] ?? {}).every((made) => made?.[0] === state)
