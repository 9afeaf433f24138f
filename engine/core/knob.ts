/**
 * A knob: one number or choice of an economy, with its default, unit, meaning and source in one
 * place. The same definition validates files, documents `evenkeel economy show` and types the code.
 */
import type { ParseResult } from "effect"
import { Schema } from "effect"

export interface KnobFacts<A> {
  readonly default: A
  readonly unit: string
  /** One line for a reader who does not know the code. */
  readonly meaning: string
  /** The sentence, paper or measurement that the default comes from. */
  readonly source: string
}

export interface Knob<A> extends KnobFacts<A> {
  readonly schema: Schema.Schema<A>
}

export const knob = <A>(schema: Schema.Schema<A>, facts: KnobFacts<NoInfer<A>>): Knob<A> => ({
  schema,
  ...facts,
})

// `any` here is a bound on a type parameter, as in Effect's own Struct; no value has this type.
export type Knobs = { readonly [name: string]: Knob<any> } // oxlint-disable-line no-explicit-any
export type KnobValues<K extends Knobs> = {
  readonly [N in keyof K]: K[N] extends Knob<infer A> ? A : never
}

/** The defaults of a group of knobs. */
export const defaultsOf = <K extends Knobs>(knobs: K): KnobValues<K> =>
  Object.fromEntries(
    Object.entries(knobs).map(([name, one]) => [name, one.default]),
  ) as KnobValues<K>

/** What stood where something else was expected, as its author would have written it. */
const shown = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value))

/** What is wrong with something that is no group of knobs at all, in place of the whole schema. */
export const expectingKnobs = {
  message: (issue: ParseResult.ParseIssue) => `expected knobs by name, got ${shown(issue.actual)}`,
}

/** The struct that holds exactly these knobs, each described by its meaning and unit. */
export const structOf = <K extends Knobs>(knobs: K): Schema.Schema<KnobValues<K>> =>
  Schema.Struct(
    Object.fromEntries(
      Object.entries(knobs).map(([name, one]) => [
        name,
        one.schema.annotations({ description: `${one.meaning} Unit: ${one.unit}.` }),
      ]),
    ),
  ).annotations(expectingKnobs) as unknown as Schema.Schema<KnobValues<K>>

const numberOf = (what: string, isAllowed: (value: number) => boolean): Schema.Schema<number> =>
  Schema.Number.pipe(
    Schema.filter((value) => isAllowed(value) || `expected ${what}, got ${value}`),
  ).annotations({
    message: (issue) => ({
      message: `expected ${what}, got ${shown(issue.actual)}`,
      override: true,
    }),
  })

/** A duration or quantity of 0 or more. */
export const nonNegative = (unit: string) =>
  numberOf(`a number of ${unit}, 0 or more`, (value) => value >= 0 && Number.isFinite(value))
export const positive = (unit: string) =>
  numberOf(`a number of ${unit} above 0`, (value) => value > 0 && Number.isFinite(value))
export const wholeBetween = (unit: string, least: number, most: number) =>
  numberOf(
    `a whole number of ${unit}, ${least} to ${most}`,
    (value) => Number.isInteger(value) && value >= least && value <= most,
  )
export const between = (unit: string, least: number, most: number) =>
  numberOf(`${unit}, ${least} to ${most}`, (value) => value >= least && value <= most)
export const basisPoints = wholeBetween("basis points (1200 is 12%)", 0, 10_000)
export const oneOf = <L extends string>(...choices: ReadonlyArray<L>): Schema.Schema<L> =>
  (Schema.Literal(...(choices as unknown as readonly [L, ...L[]])) as Schema.Schema<L>).annotations(
    {
      message: (issue) => ({
        message: `expected one of ${choices.join(", ")}, got ${shown(issue.actual)}`,
        override: true,
      }),
    },
  )
export const flag: Schema.Schema<boolean> = Schema.Boolean.annotations({
  message: (issue) => ({
    message: `expected true or false, got ${shown(issue.actual)}`,
    override: true,
  }),
})
