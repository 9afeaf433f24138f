/**
 * An arm of an experiment: a scenario with settings of its own. Arms share their random numbers, and
 * one that several experiments ask for is run once.
 */
import { Effect, Ref } from "effect"
import { commandAgain } from "../experiment/command-again.ts"
import type { Finished } from "../recording/replicated.ts"
import { runExperiment } from "../experiment/experiment.ts"
import type { Plan } from "../experiment/plan.ts"
import { makePlan } from "../experiment/plan.ts"
import { Replicators } from "../experiment/replicators.ts"

export interface Arm {
  readonly scenario: string
  /** As `--set` takes them, in order. */
  readonly settings: ReadonlyArray<string>
}

export interface RunSize {
  readonly seed: string
  readonly replications: number
}

/** What an arm came to: its metrics, by replication. */
export interface ArmResult {
  readonly metrics: ReadonlyArray<Readonly<Record<string, number>>>
  /** Names of the checks that did not hold. */
  readonly failedChecks: ReadonlyArray<string>
  readonly horizonDays: number
  /** The shell command that runs the arm by itself. */
  readonly command: string
}

export const keyOfArm = ({ scenario, settings }: Arm): string =>
  JSON.stringify([scenario, settings])

/**
 * Runs every arm once, however often it is asked for; results by `keyOfArm`. `onProgress` is called
 * with the number of replications that are finished.
 */
export const runArms = (
  asked: ReadonlyArray<Arm>,
  size: RunSize,
  onProgress: (finished: number) => Effect.Effect<void>,
) =>
  Effect.gen(function* () {
    const { workers } = yield* Replicators
    const arms = [...new Map(asked.map((arm) => [keyOfArm(arm), arm])).values()]
    // All are read and checked before the first is run.
    const planned = yield* Effect.forEach(arms, (arm) =>
      Effect.map(makePlan(arm.scenario, arm.settings, workers, size), (plan) => ({ arm, plan })),
    )
    const done = new Map<string, number>()
    const results = yield* Effect.forEach(
      planned,
      ({ arm, plan }) =>
        Effect.map(
          runArm(arm, plan, size, (finished) => {
            done.set(keyOfArm(arm), finished)
            return onProgress([...done.values()].reduce((sum, one) => sum + one, 0))
          }),
          (result) => [keyOfArm(arm), result] as const,
        ),
      // One arm's last replication does not keep the others waiting.
      { concurrency: workers },
    )
    return new Map(results)
  })

const runArm = (
  { scenario, settings }: Arm,
  plan: Plan,
  { seed, replications }: RunSize,
  onFinished: (finished: number) => Effect.Effect<void>,
) =>
  Effect.gen(function* () {
    const command = commandAgain("run", { scenario, seed, replications }, [["--set", settings]])
    const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
    const result = yield* runExperiment(
      plan,
      {
        replications,
        seed,
        isChecked: false,
        command,
        onProgress: (_, count) => onFinished(count),
      },
      finished,
    )
    return {
      metrics: result.replications.map(({ metrics }) => metrics),
      failedChecks: Object.entries(result.checks).flatMap(([name, { ok }]) => (ok ? [] : [name])),
      horizonDays: plan.scenario.horizonDays,
      command,
    } satisfies ArmResult
  })
