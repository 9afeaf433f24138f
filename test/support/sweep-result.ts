/** A sweep that was never run: metrics by formula, with a little noise that follows from the seed. */
import { plainFacts } from "./run-result.ts"
import { openStream } from "../../engine/core/random.ts"
import type {
  FactorValue,
  SweepDefinition,
  SweepResult,
} from "../../sim/results/models/sweep-model.ts"
import { pathOfFactor } from "../../sim/results/models/sweep-model.ts"

export interface MadeUpSweep {
  readonly vary: ReadonlyArray<string>
  readonly design: SweepDefinition["design"]
  readonly points: ReadonlyArray<ReadonlyArray<FactorValue>>
  readonly replications: number
  readonly metrics: Readonly<
    Record<string, { readonly unit: string; readonly of: (...values: Array<number>) => number }>
  >
  readonly noise: number
}

/** A choice counts as its place in the alphabet of choices. */
const numberOf = (value: FactorValue): number =>
  typeof value === "number" ? value : value.charCodeAt(0) - 96

export const makeSweepResult = (made: MadeUpSweep): SweepResult => {
  const { vary, design, points, replications, metrics, noise } = made
  const stream = openStream("made-up sweep", "noise", 0)
  return {
    definition: {
      version: "0.0.0",
      scenario: "made-up",
      title: "A made-up sweep",
      scenarioYaml: "name: made-up\n",
      traceDigest: null,
      both: [],
      vary,
      design,
      size: points.length,
      points: points.length,
      replications,
      seed: "1",
      command: "npx evenkeel sweep made-up",
    },
    factors: vary.map(pathOfFactor),
    points: points.map((values, index) => ({ index, values, coordinates: values.map(() => 0.5) })),
    cells: points.flatMap((values, point) =>
      Array.from({ length: replications }, (_, replication) => ({
        index: point * replications + replication,
        point,
        replication,
        digest: "0",
        requests: 1,
        events: 1,
        warmupSeconds: 0,
        failedChecks: [],
        metrics: Object.fromEntries(
          Object.entries(metrics).map(([name, { of }]) => [
            name,
            of(...values.map(numberOf)) * (1 + noise * (stream.next() - 0.5)),
          ]),
        ),
      })),
    ),
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, { unit }]) => [
        name,
        { ...plainFacts, unit, meaning: `What ${name} is` },
      ]),
    ),
  }
}
