/** `evenkeel validate`: the event kernel against queueing theory's closed forms. */
import { Data, Effect } from "effect"
import { closedForms } from "../validation/closed-forms.ts"
import type { Validation, ValidationVerdict } from "../validation/validate.ts"
import type { ClosedForm } from "../validation/closed-form.ts"
import {
  judge,
  levelOf,
  MAX_RELATIVE_HALF_WIDTH,
  planOf,
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
    "Multiplies what is simulated, 0.001 to 1000; 1 by default, below it intervals may be too wide, which is then no failure.",
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

/** The kernel is wrong, or an effort that is meant to be enough was not. */
class ValidationFailed extends Data.TaggedError("ValidationFailed")<{
  readonly validation: Validation
}> {
  override get message(): string {
    const { results } = this.validation
    const named = (asked: ValidationVerdict): ReadonlyArray<string> =>
      results.filter(({ verdict }) => verdict === asked).map(({ name }) => `  ${name}`)
    const [contradicting, tooWide] = [named("contradicts"), named("too wide")]
    return contradicting.length > 0
      ? ["Contradicts theory:", ...contradicting].join("\n")
      : [
          `Not as precise as promised at this effort (± ${maxPercent} at most), though nothing contradicts:`,
          ...tooWide,
        ].join("\n")
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
      const validation = summarise(results.flat(), closedForms, effort)
      yield* printResult(json, { seed, effort, ...validation }, () =>
        [tableOf(validation), "", ...legendOf(validation, effort)].join("\n"),
      )
      if (!validation.ok) return yield* new ValidationFailed({ validation })
    }),
})

/** All replications of a form. Between two of them the command can be stopped. */
const replicate = (form: ClosedForm, seed: string, effort: number) => {
  const { length, replications } = planOf(form, effort)
  return Effect.forEach(
    Array.from({ length: replications }, (_, replication) => replication),
    (replication) =>
      Effect.zipRight(
        Effect.sleep(0),
        Effect.sync(() => form.replicate(seed, replication, length)),
      ),
  )
}

const maxPercent = `${100 * MAX_RELATIVE_HALF_WIDTH}%`

const tableOf = ({ results }: Validation): string =>
  alignColumns([
    ["quantity", "truth", "estimate", "±", "±%", "verdict", "source"],
    ...results.map(({ name, truth, estimate, halfWidth, relativeHalfWidth, verdict, source }) => [
      name,
      truth.toPrecision(6),
      estimate.toPrecision(6),
      halfWidth.toPrecision(2),
      (100 * relativeHalfWidth).toFixed(2),
      verdict,
      source,
    ]),
  ])

const legendOf = (
  { results, verdicts, level, familyLevel }: Validation,
  effort: number,
): ReadonlyArray<string> => [
  `${verdicts.agrees} of ${results.length} agree, ${verdicts["too wide"]} too wide, ${verdicts.contradicts} contradict.`,
  `agrees: the interval contains the truth, and ± is at most ${maxPercent} of it. too wide: it contains the truth, but is wider: nothing speaks against the kernel, and little for it.`,
  `Every interval holds at the ${(100 * level).toFixed(3)}% level, so that all of them together hold at ${100 * familyLevel}%.`,
  ...(effort < 1 && verdicts["too wide"] > 0
    ? [
        `Below --effort 1 too wide is no failure: --effort 1 makes every ± at most ${maxPercent}, in some minutes.`,
      ]
    : []),
]
