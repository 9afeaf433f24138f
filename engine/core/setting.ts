/**
 * Settings: whatever somebody may set, in an economy, a scenario or a gateway's configuration, is made
 * of these. A setting is a schema that carries its facts as data: what is allowed (as a range, and in
 * words), its meaning, unit, source and default. Files are checked by the schema; messages, the JSON
 * Schema of scenarios, `economy show`, `serve --settings` and docs/settings.md are made of the facts.
 */
import { Schema } from "effect"
import type { SchemaAST } from "effect"

export interface Facts<A> {
  /** One line for a reader who does not know the code. */
  readonly meaning: string
  readonly unit?: string
  /** The sentence, paper or measurement that the default comes from. */
  readonly source?: string
  readonly default?: A
}

const factsId = Symbol.for("evenkeel/setting/facts")
const allowedId = Symbol.for("evenkeel/setting/allowed")

/** A value with its facts. */
export const setting = <A, I>(
  schema: Schema.Schema<A, I>,
  facts: Facts<NoInfer<A>>,
): Schema.Schema<A, I> => schema.annotations({ description: facts.meaning, [factsId]: facts })

/** A setting that may be left out. */
export const withDefault = <A, I>(
  schema: Schema.Schema<A, I>,
  facts: Facts<NoInfer<A>> & { readonly default: NoInfer<A> },
) => Schema.optionalWith(setting(schema, facts), { default: () => facts.default, exact: true })

/** The facts of a setting; `undefined` where the type is none. */
export const factsIn = ({ annotations }: SchemaAST.Annotated): Facts<unknown> | undefined =>
  annotations[factsId] as Facts<unknown> | undefined

/** What is allowed, in words: "a share, 0 to 1". Empty where the type says all. */
export const allowedIn = ({ annotations }: SchemaAST.Annotated): string =>
  (annotations[allowedId] as string | undefined) ?? ""

/** What stood where something else was expected, as its author would have written it. */
export const shown = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value))

/** A value that is refused with what is allowed in words: "expected a share, 0 to 1, got 2". */
export const allowing = <A, I>(
  schema: Schema.Schema<A, I>,
  allowed: string,
  jsonSchema?: object,
): Schema.Schema<A, I> =>
  schema.annotations({
    [allowedId]: allowed,
    message: (issue) => ({
      message: `expected ${allowed}, got ${shown(issue.actual)}`,
      override: true,
    }),
    ...(jsonSchema === undefined ? {} : { jsonSchema }),
  })

/** Bounds of a number; each may be left out. */
export interface Range {
  readonly isWhole?: boolean
  readonly least?: number
  readonly above?: number
  readonly most?: number
}

const isWithin = ({ isWhole, least, above, most }: Range, value: number): boolean =>
  (isWhole === true ? Number.isInteger(value) : Number.isFinite(value)) &&
  (least === undefined || value >= least) &&
  (above === undefined || value > above) &&
  (most === undefined || value <= most)

/** "a number of days above 0, to 3660". */
const inWords = (noun: string, { least, above, most }: Range): string => {
  const from =
    above === undefined
      ? `, ${least ?? "any"}${most === undefined ? " or more" : ""}`
      : ` above ${above}${most === undefined ? "" : ","}`
  return `${noun}${from}${most === undefined ? "" : ` to ${bound(most)}`}`
}

/** 1e9 rather than 1000000000. */
const bound = (value: number): string =>
  value >= 1e9 && Number.isInteger(Math.log10(value)) ? `1e${Math.log10(value)}` : String(value)

/** A number in a range; `allowed` where the noun and the range read badly together. */
export const number = (
  noun: string,
  range: Range,
  allowed: string = inWords(noun, range),
): Schema.Schema<number> =>
  allowing(Schema.Number.pipe(Schema.filter((value) => isWithin(range, value))), allowed, {
    type: range.isWhole === true ? "integer" : "number",
    ...(range.least === undefined ? {} : { minimum: range.least }),
    ...(range.above === undefined ? {} : { exclusiveMinimum: range.above }),
    ...(range.most === undefined ? {} : { maximum: range.most }),
  })

/** Beyond it sums and durations would no longer be whole; nothing in a market is as long or as many. */
const mostOfAnything = 1e9
/** A duration or quantity of 0 or more. */
export const nonNegative = (unit: string) =>
  number(`a number of ${unit}`, { least: 0, most: mostOfAnything })
export const positive = (unit: string) =>
  number(`a number of ${unit}`, { above: 0, most: mostOfAnything })
export const wholeBetween = (unit: string, least: number, most: number) =>
  number(`a whole number of ${unit}`, { isWhole: true, least, most })
export const between = (noun: string, least: number, most: number) => number(noun, { least, most })
export const share = between("a share", 0, 1)
export const shareAbove0 = number("a share", { above: 0, most: 1 })
export const factor = (least: number, most: number) =>
  number("a factor", { least, most }, `a factor of ${least} to ${most}`)
export const basisPoints = wholeBetween("basis points (1200 is 12%)", 0, 10_000)

export const oneOf = <const L extends string>(...choices: ReadonlyArray<L>): Schema.Schema<L> =>
  allowing(
    Schema.Literal(...(choices as unknown as readonly [L, ...L[]])) as Schema.Schema<L>,
    `one of ${choices.join(", ")}`,
  )

export const flag: Schema.Schema<boolean> = allowing(Schema.Boolean, "true or false")
