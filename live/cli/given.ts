/** What commands of the market do with what was typed. */
import { Effect, Option } from "effect"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"

export const optionalText = (name: string, value: string, meaning: string) =>
  Parameter.optional(Parameter.text(name, value, meaning))

export const numberOf = (option: string, text: string): Effect.Effect<number, UsageError> => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value)
    ? Effect.succeed(value)
    : new UsageError({ argument: `${option} ${text}`, allowed: "expected a number" })
}

/** The same of what may be left out. */
export const numberIn = (
  option: string,
  given: Option.Option<string>,
): Effect.Effect<number | undefined, UsageError> =>
  Option.isNone(given) ? Effect.succeed(undefined) : numberOf(option, given.value)

/** Without what was left out. */
export const present = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
