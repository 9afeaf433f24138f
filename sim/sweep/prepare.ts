/**
 * A sweep made ready: its factors checked against the scenario, its points laid out, and each point
 * known to be a scenario that can be run, before any is.
 */
import { Data, Effect } from "effect"
import { stringify } from "yaml"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { surveyTrace } from "../demand/trace/read-trace.ts"
import type { ReadSettings } from "../demand/trace/request-reader.ts"
import type { PlanOptions } from "../experiment/plan.ts"
import { planOf, readSettingsOf } from "../experiment/plan.ts"
import type { FactorValue, SweepDefinition, SweepPoint } from "../results/models/sweep-model.ts"
import type { Tree } from "../../engine/index.ts"
import { readScenario, scenarioOf } from "../scenarios/load.ts"
import { ScenarioInvalid } from "../settings/scenario-error.ts"
import { sayBoth, withSettings } from "../settings/settings.ts"
import type { DesignName } from "./design.ts"
import { designPoints } from "./design.ts"
import type { Factor } from "./factor.ts"
import { factorText, gridValues, parseFactor, valueAt } from "./factor.ts"
import { version } from "../../platform/package.ts"

export interface SweepRequest {
  readonly scenario: string
  readonly vary: ReadonlyArray<string>
  readonly both: ReadonlyArray<string>
  readonly design: DesignName
  readonly size: number
  /** By default the scenario's own. */
  readonly seed: string | undefined
  readonly replications: number | undefined
  readonly workers: number
  /** The command that gives the same results again. */
  readonly commandOf: (definition: Pick<SweepDefinition, "seed" | "replications">) => string
}

export interface PreparedPoint extends SweepPoint {
  readonly block: number
}

/** A sweep's definition, its points, and the scenario at each. */
export type PreparedSweep = Effect.Effect.Success<ReturnType<typeof prepareSweep>>

/** Whether a point's plan fits the memory was seen before the first of them was run. */
const unchecked = { freeBytes: Infinity, threadBytes: Infinity }

/** What every point shares, or nothing could be compared. */
const shared = ["seed", "replications", "name", "title", "extends"]

export const prepareSweep = (request: SweepRequest) =>
  Effect.gen(function* () {
    const { scenario: name, both, workers } = request
    const written = yield* readScenario(name)
    const base = yield* Effect.mapError(scenarioOf(written, name, both), sayBoth)
    const factors = yield* factorsOf(request, written)
    const seed = request.seed ?? base.seed
    const replications = request.replications ?? base.replications
    const design = yield* designPoints(request.design, factors, request.size, seed)

    const survey = yield* surveyedOnce
    const scenarioAt = (point: Pick<SweepPoint, "values">) =>
      Effect.mapError(
        scenarioOf(written, name, assignmentsOf(factors, point.values, both)),
        (error) => sayPoint(error, factors, point.values),
      )
    const planAt = (point: Pick<SweepPoint, "values">, options: PlanOptions) =>
      Effect.flatMap(scenarioAt(point), (scenario) =>
        planOf(
          scenario,
          `${name} at ${pointText(factors, point.values)}`,
          workers,
          options,
          survey,
        ),
      )
    const points = yield* Effect.forEach(design, (place, index) =>
      Effect.gen(function* () {
        const values = factors.map((factor, at) => scalarOf(valueAt(factor, place.coordinates[at])))
        yield* planAt({ values }, { replications: workers })
        const { block, coordinates } = place
        const point: PreparedPoint = { index, values, coordinates, block }
        return point
      }),
    )
    const { trace } = base.demand
    const traceDigest = trace === null ? null : (yield* survey(readSettingsOf(trace))).digest
    const definition: SweepDefinition = {
      version,
      scenario: base.name,
      title: base.title,
      scenarioYaml: stringify(base),
      traceDigest,
      both,
      vary: factors.map(factorText),
      design: request.design,
      size: request.design === "grid" ? design.length : request.size,
      points: design.length,
      replications,
      seed,
      command: request.commandOf({ seed, replications }),
    }
    return {
      definition,
      points,
      /** The scenario but for what varies. */
      base,
      /** The scenario at a point, with its trace. Not kept: a thousand scenarios take memory. */
      planAt: (point: PreparedPoint) => planAt(point, { memory: unchecked }),
    }
  })

const assignmentsOf = (
  factors: ReadonlyArray<Factor>,
  values: ReadonlyArray<FactorValue>,
  both: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  // A group before what is in it, which it would undo.
  const varied = factors
    .map(({ path }, at) => ({ depth: path.split(".").length, text: `${path}=${values[at]}` }))
    .toSorted((a, b) => a.depth - b.depth)
    .map(({ text }) => text)
  return withSettings(both, varied)
}

/** A number where the text is one, so that it can be drawn on an axis. */
const scalarOf = (text: string): FactorValue => {
  const value = Number(text)
  return text.trim() !== "" && Number.isFinite(value) && String(value) === text ? value : text
}

const factorsOf = (request: SweepRequest, written: Tree) =>
  Effect.gen(function* () {
    const { vary, both, scenario: name } = request
    const refused = (argument: string, allowed: string) => new UsageError({ argument, allowed })
    if (vary.length === 0)
      return yield* refused("--vary", "must be given at least once: it says what varies")
    const parsed = yield* Effect.forEach(vary, parseFactor)
    const paths = parsed.map(({ path }) => path)
    for (const [at, path] of paths.entries()) {
      if (paths.indexOf(path) < at) return yield* refused(`--vary ${path}`, "is given twice")
      if (shared.includes(path))
        return yield* refused(
          `--vary ${path}`,
          path === "seed" || path === "replications"
            ? `all points share it; give --${path}`
            : "says nothing about the market; all points share it",
        )
      if (both.some((text) => text.split("=")[0].trim() === path))
        return yield* refused(`--both ${path}`, "is varied: leave one of the two out")
    }
    const attempt = (factor: Factor, value: string) =>
      Effect.mapError(
        scenarioOf(written, name, withSettings(both, [`${factor.path}=${value}`])),
        (error) =>
          new ScenarioInvalid({
            source: `--vary ${factorText(factor)}, at ${value},`,
            issues: error.issues,
          }),
      )
    return yield* Effect.forEach(parsed, (factor) =>
      Effect.gen(function* () {
        if (factor.kind === "list") return factor
        // A setting that takes a number between two whole ones takes any.
        const between = Math.floor(factor.low) + 0.5
        const isInside = between > factor.low && between < factor.high
        if (isInside && (yield* Effect.isSuccess(attempt(factor, String(between))))) return factor
        const isWhole = Number.isInteger(factor.low) && Number.isInteger(factor.high) && isInside
        const made = { ...factor, isWhole }
        const values = [...new Set(gridValues(made))]
        if (made.levels !== null && values.length < made.levels)
          return yield* refused(
            `--vary ${factorText(made)}`,
            `holds ${values.length} different whole numbers, and each is run once; take ${factor.isLogarithmic ? `${factor.path}=${values.join(",")}` : factorText({ ...made, levels: values.length })}`,
          )
        yield* Effect.all([valueAt(made, 0), valueAt(made, 1)].map((one) => attempt(factor, one)))
        return made
      }),
    )
  })

/** `economy.feeBps=500, fleet.nodes=10` */
export const pointText = (
  factors: ReadonlyArray<{ readonly path: string }>,
  values: ReadonlyArray<FactorValue>,
): string => factors.map(({ path }, at) => `${path}=${values[at]}`).join(", ")

const sayPoint = (
  { source, issues }: ScenarioInvalid,
  factors: ReadonlyArray<Factor>,
  values: ReadonlyArray<FactorValue>,
): ScenarioInvalid =>
  new ScenarioInvalid({
    source: `${source.replace(/ with --set$/, "")} at ${pointText(factors, values)}`,
    issues,
  })

/** Each window of each trace is read once, however many points replay it. */
const surveyedOnce = Effect.map(
  Effect.cachedFunction((settings: ReadSettings) => surveyTrace(settings)),
  (survey) => (settings: ReadSettings) => survey(Data.struct(settings)),
)
