/**
 * Machines as tables: state × input → next state and outputs. The table is data, so that a test can
 * visit all of it and the diagrams in docs/machines.md are drawn from it (`diagramOf`). An input that
 * has no row in a state is not legal there: `move` says so and changes nothing.
 *
 * What decides which input something amounts to (three failures within a minute: a trip) is a rule of
 * its own and no part of the machine.
 */

import { invariant, InvariantBroken } from "./invariant.ts"

/** What follows on an input: the next state, and outputs for whoever runs the machine to act on. */
export type Move<S extends string, O extends string> = readonly [
  next: S,
  ...outputs: ReadonlyArray<O>,
]

export interface Machine<S extends string, I extends string, O extends string = never> {
  readonly name: string
  /** One sentence for the reader of a diagram. */
  readonly meaning: string
  readonly initial: S
  /** States in which it has ended: nothing is legal there. */
  readonly final: ReadonlyArray<S>
  readonly table: { readonly [state in S]: { readonly [input in I]?: Move<S, O> } }
}

/** Checks the types of a table, and that it names no state without a row. */
export const machine = <
  const S extends string,
  const I extends string,
  const O extends string = never,
>(
  definition: Machine<S, I, O>,
): Machine<S, I, O> => definition

export const statesOf = <S extends string>({
  table,
}: Machine<S, string, string>): ReadonlyArray<S> => Object.keys(table) as Array<S>

/** What an input leads to; `undefined`: it is not legal in this state. */
export const move = <S extends string, I extends string, O extends string>(
  { table }: Machine<S, I, O>,
  state: S,
  input: I,
): Move<S, O> | undefined => table[state][input]

/**
 * A machine for a column of many of them: a state is its place in the table, so that a row of zeros is
 * in the initial one.
 */
export interface MachineColumn<I extends string> {
  readonly name: string
  readonly states: ReadonlyArray<string>
  readonly inputs: { readonly [input in I]: number }
  /** Next state by `state * width + input`; `illegal` where the input is not legal. */
  readonly next: Uint8Array<ArrayBuffer>
  readonly width: number
}

const illegal = 255

export const machineColumn = <S extends string, I extends string>({
  name,
  initial,
  table,
}: Machine<S, I, string>): MachineColumn<I> => {
  const states = Object.keys(table) as Array<S>
  invariant(states[0] === initial, "a machine's initial state is the first of its table")
  invariant(states.length < illegal, "a machine's states have their numbers in a byte")
  const inputs = [...new Set(states.flatMap((state) => Object.keys(table[state]) as Array<I>))]
  const next = new Uint8Array(states.length * inputs.length).fill(illegal)
  states.forEach((state, from) =>
    inputs.forEach((input, by) => {
      const found = table[state][input]
      if (found === undefined) return
      const to = states.indexOf(found[0])
      invariant(to >= 0, "a machine moves to a state of its own table")
      next[from * inputs.length + by] = to
    }),
  )
  return {
    name,
    states,
    inputs: Object.fromEntries(inputs.map((input, code) => [input, code])) as {
      readonly [input in I]: number
    },
    next,
    width: inputs.length,
  }
}

/** Gives the machine at `slot` an input. That it is legal is for the caller to know: a breach throws. */
export const advance = <I extends string>(
  { name, states, inputs, next, width }: MachineColumn<I>,
  column: Uint8Array,
  slot: number,
  input: I,
): void => {
  const before = column[slot]
  const state = next[before * width + inputs[input]]
  if (state === illegal)
    throw new InvariantBroken(
      "a machine is given what is legal in its state",
      `${name}: no ${input} while ${states[before]}`,
    )
  column[slot] = state
}

/** Everything that a machine can do, from its initial state on, in the order it is found. */
export const transitionsOf = <S extends string, I extends string, O extends string>({
  initial,
  table,
}: Machine<S, I, O>): ReadonlyArray<{
  readonly from: S
  readonly input: I
  readonly to: S
  readonly outputs: ReadonlyArray<O>
}> => {
  const reached = new Set([initial])
  const found: Array<{ from: S; input: I; to: S; outputs: ReadonlyArray<O> }> = []
  for (const from of reached)
    for (const [input, made] of Object.entries(table[from]) as Array<[I, Move<S, O>]>) {
      const [to, ...outputs] = made
      found.push({ from, input, to, outputs })
      reached.add(to)
    }
  return found
}

/** The machine as a mermaid state diagram. */
export const diagramOf = <S extends string, I extends string, O extends string>(
  drawn: Machine<S, I, O>,
): string =>
  [
    "stateDiagram-v2",
    `  [*] --> ${drawn.initial}`,
    ...transitionsOf(drawn).map(
      ({ from, input, to, outputs }) =>
        `  ${from} --> ${to}: ${[input, ...(outputs.length === 0 ? [] : [`/ ${outputs.join(", ")}`])].join(" ")}`,
    ),
    ...drawn.final.map((state) => `  ${state} --> [*]`),
  ].join("\n")
