/** `evenkeel validate`: the event kernel against queueing theory's closed forms. */
import { Data, Effect } from "effect"
import { closedForms } from "../validation/closed-forms.ts"
import type { ValidationResult } from "../validation/validate.ts"
import type { ClosedForm } from "../validation/closed-form.ts"
import {
  FAMILY_LEVEL,
  judge,
  lengthOf,
  levelOf,
  MAX_RELATIVE_HALF_WIDTH,
  summarise,
} from "../validation/validate.ts"
import { alignColumns, jsonOption, note, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const seedOption = Parameter.withDefault(
  Parameter.text("seed", "TEXT", "What every draw follows from; evenkeel by default."),
  "evenkeel",
)
const effortOption = Parameter.withDefault(
  Parameter.text(
    "effort",
    "FACTOR",
    "Multiplies the length of every run, 0.001 to 1000; 1 by default, below it intervals may be too wide.",
  ),
  "1",
)

const effortFrom = (text: string) => {
  const effort = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  return effort >= 0.001 && effort <= 1000
    ? Effect.succeed(effort)
    : new UsageError({
        argument: `--effort ${text}`,
        allowed: "expected a plain decimal, 0.001 to 1000",
      })
}

/** Some closed form was missed: the kernel is wrong, or the run was too short to tell. */
class ValidationFailed extends Data.TaggedError("ValidationFailed")<{
  readonly names: ReadonlyArray<string>
}> {
  override get message(): string {
    return `Not reproduced: ${this.names.join(", ")}`
  }
}

export const validateCommand = Command.make({
  parameters: { seed: seedOption, effort: effortOption, json: jsonOption },
  run: ({ seed, effort: effortText, json }) =>
    Effect.gen(function* () {
      const effort = yield* effortFrom(effortText)
      const level = levelOf(closedForms)
      const results = yield* Effect.forEach(closedForms, (form, index) =>
        note(`${index + 1} of ${closedForms.length}  ${form.name}`).pipe(
          Effect.zipRight(replicate(form, seed, effort)),
          Effect.map((replications) => judge(form, replications, level)),
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
})

/** All replications of a form. Between two of them the command can be stopped. */
const replicate = (form: ClosedForm, seed: string, effort: number) => {
  const length = lengthOf(form, effort)
  return Effect.forEach(
    Array.from({ length: form.replications }, (_, replication) => replication),
    (replication) =>
      Effect.zipRight(
        Effect.sleep(0),
        Effect.sync(() => form.replicate(seed, replication, length)),
      ),
  )
}

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
