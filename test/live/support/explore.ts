/** Machines in tests: run beside a naive model of the same, over everything that both can do. */
import { expect } from "vitest"
import type { Machine } from "../../../engine/index.ts"
import { move, statesOf } from "../../../engine/index.ts"
import { faultsOf } from "../../engine/machines/explore.ts"

/** What a model does on an input; `undefined`: it is not legal. */
export type Naive<M, I, O> = (
  model: M,
  input: I,
) => { readonly model: M; readonly outputs: ReadonlyArray<O> } | undefined

/**
 * Visits every pair of a machine's and a model's state that inputs lead to, and asks both about every
 * input: they agree on what is legal and on the outputs. Gives, for each of the machine's states, the
 * model's states that it stands for.
 */
export const exploreBeside = <S extends string, I extends string, O extends string, M>(
  machine: Machine<S, I, O>,
  inputs: ReadonlyArray<I>,
  start: M,
  naive: Naive<M, I, O>,
): ReadonlyMap<S, ReadonlyArray<M>> => {
  const seen = new Map<string, readonly [S, M]>()
  const waiting: Array<readonly [S, M]> = [[machine.initial, start]]
  for (const [state, model] of waiting) {
    const key = `${state} ${keyOf(model)}`
    if (seen.has(key)) continue
    seen.set(key, [state, model])
    for (const input of inputs) {
      const where = `${input} while ${state}, ${JSON.stringify(model)}`
      const found = move(machine, state, input)
      const expected = naive(model, input)
      expect(found?.slice(1), where).toEqual(expected?.outputs)
      if (found !== undefined && expected !== undefined) waiting.push([found[0], expected.model])
    }
  }
  const meanings = new Map<S, Array<M>>()
  for (const [state, model] of seen.values())
    meanings.set(state, [...(meanings.get(state) ?? []), model])
  return meanings
}

/** Flags in any order are the same. */
const keyOf = (model: unknown): string =>
  typeof model === "object" && model !== null
    ? JSON.stringify(Object.entries(model).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : String(model)

/** Nothing is wrong with the table, and it knows no other input. */
export const expectWellFormed = <S extends string, I extends string>(
  machine: Machine<S, I, string>,
  inputs: ReadonlyArray<I>,
): void => {
  expect(faultsOf(machine)).toEqual([])
  const known = new Set<string>(inputs)
  for (const state of statesOf(machine))
    expect(Object.keys(machine.table[state]).filter((input) => !known.has(input))).toEqual([])
}
