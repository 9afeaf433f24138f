/**
 * What routes take and answer is made of these, so that one thing is written in one way everywhere:
 * credits and prices as decimal strings, times as Unix time in seconds, lists as `data`, pages with a
 * `next_cursor`.
 */
import { Schema } from "effect"
import { linePattern } from "./allowed.ts"

export const described = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  schema.annotations({ description })

/** A field that may be left out; `null` is not the same. */
export const optional = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalWith(described(schema, description), { exact: true })

/**
 * Something to read: on one line, with something to see in it, and nothing that changes how the text
 * around it is shown (control characters, directions of writing) or that no UTF-8 can hold.
 */
export const lineOfText = (longest: number) =>
  Schema.String.pipe(Schema.maxLength(longest), Schema.pattern(linePattern))

/** JSON Schema has no infinities; neither has the wire. */
export const between = (least: number, most: number) =>
  Schema.Number.pipe(Schema.between(least, most))
export const whole = (least: number, most: number) => Schema.Int.pipe(Schema.between(least, most))
export const text = (longest: number) =>
  Schema.String.pipe(Schema.minLength(1), Schema.maxLength(longest))

export const Credits = described(Schema.String, "Credits, as a decimal")
export const UnixSeconds = described(Schema.Int, "Unix time, s")

/** A model's prices, for whoever looks at one. */
export const prices = {
  input_price_per_token: described(Schema.String, "Credits per token, as a decimal"),
  output_price_per_token: described(Schema.String, "Credits per token, as a decimal"),
}

/** A path that ends in a model's name. */
export const ModelPath = Schema.Struct({ model: described(Schema.String, "Its name") })
export type ModelPath = typeof ModelPath.Type

export const listOf = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ data: Schema.Array(item) })

export const pageOf = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({
    data: Schema.Array(item),
    next_cursor: described(
      Schema.NullOr(Schema.String),
      "`cursor` of the next page; null: this is the last",
    ),
  })

/** Which page: absent, the first. */
export const Cursor = optional(
  Schema.String.pipe(Schema.maxLength(100)),
  "The next_cursor of the page before",
)

/** A count in a query, whose values are text: its field, and how a given one is read. */
export const queryCount = (meaning: string, most: number, otherwise: number) => ({
  field: optional(
    Schema.String.pipe(Schema.pattern(/^[1-9]\d{0,3}$/)),
    `${meaning}; 1 to ${most}, default ${otherwise}`,
  ),
  read: (asked: string | undefined): number =>
    asked === undefined ? otherwise : Math.min(most, Number(asked)),
})
