/** What the settings of a scenario are made of: numbers with a unit and a range, and names. */
import { Schema } from "effect"

export const quantity = (
  what: string,
  isAllowed: (value: number) => boolean,
): Schema.Schema<number, number> => {
  const message = (actual: unknown) => `expected ${what}, got ${JSON.stringify(actual)}`
  return Schema.Number.pipe(
    Schema.filter((value) => isAllowed(value) || message(value)),
  ).annotations({ message: (issue) => ({ message: message(issue.actual), override: true }) })
}

const isFinite = (value: number) => Number.isFinite(value)

export const atLeast0 = (unit: string) =>
  quantity(`a number of ${unit}, 0 or more`, (value) => value >= 0 && isFinite(value))

export const above0 = (unit: string) =>
  quantity(`a number of ${unit} above 0`, (value) => value > 0 && isFinite(value))

export const whole = (unit: string, least: number, most: number) =>
  quantity(
    `a whole number of ${unit}, ${least} to ${most}`,
    (value) => Number.isInteger(value) && value >= least && value <= most,
  )

/** A credit a token, and far below the largest price that the kernel can hold at any scale. */
export const price = quantity(
  "a price of 0 to 1000000 credits per million tokens",
  (value) => value >= 0 && value <= 1e6,
)

export const share = quantity("a share, 0 to 1", (value) => value >= 0 && value <= 1)

export const shareAbove0 = quantity("a share above 0, to 1", (value) => value > 0 && value <= 1)

export const factor = (least: number, most: number) =>
  quantity(`a factor of ${least} to ${most}`, (value) => value >= least && value <= most)

/** A share a day, by which something grows or shrinks. */
export const growth = quantity("a share a day, above -1", (value) => value > -1 && isFinite(value))

export const oneOf = <const L extends string>(names: ReadonlyArray<L>): Schema.Schema<L> =>
  (Schema.Literal(...(names as readonly [L, ...L[]])) as Schema.Schema<L>).annotations({
    message: (issue) => ({
      message: `expected one of ${names.join(", ")}, got ${JSON.stringify(issue.actual)}`,
      override: true,
    }),
  })

/** A setting that a list entry may leave out. */
export const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: () => A) =>
  Schema.optionalWith(schema, { default: value, exact: true })
