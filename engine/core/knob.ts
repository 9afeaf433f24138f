/**
 * A knob: a setting of an economy, every one of which has a default, unit, meaning and source. The same
 * definition validates files, documents `evenkeel economy show` and types the code.
 */
import type { ParseResult } from "effect"
import { Schema } from "effect"
import type { Facts } from "./setting.ts"
import { setting, shown } from "./setting.ts"

export interface Knob<A> extends Required<Facts<A>> {
  readonly schema: Schema.Schema<A>
}

export const knob = <A>(schema: Schema.Schema<A>, facts: Required<Facts<NoInfer<A>>>): Knob<A> => ({
  schema: setting(schema, facts),
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

/** What is wrong with something that is no group of knobs at all, in place of the whole schema. */
export const expectingKnobs = {
  message: (issue: ParseResult.ParseIssue) => `expected knobs by name, got ${shown(issue.actual)}`,
}

/** The struct that holds exactly these knobs. */
export const structOf = <K extends Knobs>(knobs: K): Schema.Schema<KnobValues<K>> =>
  Schema.Struct(
    Object.fromEntries(Object.entries(knobs).map(([name, one]) => [name, one.schema])),
  ).annotations(expectingKnobs) as unknown as Schema.Schema<KnobValues<K>>
