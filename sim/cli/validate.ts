/** `evenkeel validate`: the event kernel against queueing theory's closed forms. */
import { Command, Options } from "@effect/cli"
import { Data, Effect } from "effect"
import { closedForms } from "../validation/closed-forms.ts"
import type { ValidationResult } from "../validation/validate.ts"
import {
  FAMILY_LEVEL,
  levelOf,
  MAX_RELATIVE_HALF_WIDTH,
  runClosedForm,
  summarise,
} from "../validation/validate.ts"
import { alignColumns, jsonOption, note, printResult } from "./output.ts"

const seedOption = Options.text("seed").pipe(
  Options.withDescription("What every draw follows from."),
  Options.withDefault("evenkeel"),
)
const effortOption = Options.float("effort").pipe(
  Options.withDescription("Multiplies the length of every run; below 1 intervals may be too wide."),
  Options.withDefault(1),
)

/** Some closed form was missed: the kernel is wrong, or the run was too short to tell. */
class ValidationFailed extends Data.TaggedError("ValidationFailed")<{
  readonly names: ReadonlyArray<string>
}> {
  override get message(): string {
    return `Not reproduced: ${this.names.join(", ")}`
  }
}

export const validateCommand = Command.make(
  "validate",
  { seed: seedOption, effort: effortOption, json: jsonOption },
  ({ seed, effort, json }) =>
    Effect.gen(function* () {
      const level = levelOf(closedForms)
      const results = yield* Effect.forEach(closedForms, (form, index) =>
        note(`${index + 1} of ${closedForms.length}  ${form.name}`).pipe(
          // One form is one batch; between two of them the command can be stopped.
          Effect.zipRight(Effect.sleep(0)),
          Effect.zipRight(Effect.sync(() => runClosedForm(form, seed, effort, level))),
        ),
      )
      const validation = summarise(results.flat(), closedForms)
      yield* printResult(json, { seed, effort, ...validation }, () =>
        tableOf(validation.results, level),
      )
      const missed = validation.results.filter(({ ok }) => !ok)
      if (missed.length > 0)
        return yield* new ValidationFailed({ names: missed.map(({ name }) => name) })
    }),
).pipe(
  Command.withDescription("Check the event kernel against the closed forms of queueing theory."),
)

const tableOf = (results: ReadonlyArray<ValidationResult>, level: number): string =>
  [
    alignColumns([
      ["quantity", "truth", "estimate", "±", "±%", "verdict", "source"],
      ...results.map(({ name, truth, estimate, halfWidth, relativeHalfWidth, ok, source }) => [
        name,
        truth.toPrecision(6),
        estimate.toPrecision(6),
        halfWidth.toPrecision(2),
        (100 * relativeHalfWidth).toFixed(2),
        ok ? "ok" : "MISSED",
        source,
      ]),
    ]),
    "",
    `Every interval holds at the ${(100 * level).toFixed(3)}% level, so that all of them together hold at ${100 * FAMILY_LEVEL}%; a verdict also needs ± to be at most ${100 * MAX_RELATIVE_HALF_WIDTH}% of the truth.`,
  ].join("\n")
