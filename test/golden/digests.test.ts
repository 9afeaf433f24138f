/**
 * Golden digests: every command that the kernel gives in short runs of the built-in scenarios, as 16
 * hexadecimal digits. They change when a rule, a scenario, the simulated world or the order of its
 * draws changes, on purpose or not, and when a version of Node computes differently.
 *
 * Where the change was meant, renew them, and say in the commit what moved them:
 *
 *   EVENKEEL_RENEW_GOLDENS=1 npx vitest run test/golden
 */
import { NodeContext } from "@effect/platform-node"
import { Effect, Ref } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import type { Finished } from "../../sim/recording/replicated.ts"
import { runExperiment } from "../../sim/experiment/experiment.ts"
import { makePlan } from "../../sim/experiment/plan.ts"
import { layerInline } from "../../sim/experiment/replicators.ts"

interface Golden {
  readonly digest: string
  readonly requests: number
  readonly events: number
}

const isRenewed = process.env["EVENKEEL_RENEW_GOLDENS"] === "1"
const file = fileURLToPath(new URL("digests.json", import.meta.url))
const goldens = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, Golden>>

const runs: Readonly<Record<string, readonly [scenario: string, ...sets: ReadonlyArray<string>]>> =
  {
    // Operators decide within the day that is simulated.
    quickstart: ["quickstart", "horizonDays=1", "operators.decisionHours=8"],
    "quickstart, hardened": [
      "quickstart",
      "horizonDays=1",
      "operators.decisionHours=8",
      "economy=hardened",
    ],
    "bounty-rush": ["bounty-rush", "horizonDays=2"],
    flapping: ["flapping", "horizonDays=2"],
    "host-prices": ["host-prices", "horizonDays=1", "operators.decisionHours=2"],
    "host-prices, hardened": [
      "host-prices",
      "horizonDays=1",
      "operators.decisionHours=2",
      "economy=infrintia-hardened",
    ],
  }

const renewed: Record<string, Golden> = {}
afterAll(() => {
  if (!isRenewed) return
  const kept = Object.keys(runs).map((name) => [name, renewed[name] ?? goldens[name]])
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
})

/** The first replication, as `evenkeel run` has it. */
const firstReplication = async (scenario: string, sets: ReadonlyArray<string>) => {
  const result = await Effect.runPromise(
    Effect.gen(function* () {
      const plan = yield* makePlan(scenario, sets, 1)
      const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
      const options = {
        replications: 1,
        seed: plan.scenario.seed,
        isChecked: true,
        command: "",
        onProgress: () => Effect.void,
      }
      return yield* runExperiment(plan, options, finished)
    }).pipe(Effect.provide([NodeContext.layer, layerInline])),
  )
  for (const [name, { ok, detail }] of Object.entries(result.checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  return result.replications[0]
}

describe("golden digests", () => {
  it.each(Object.entries(runs))("of %s", async (name, [scenario, ...sets]) => {
    const { digest, requests, events } = await firstReplication(scenario, sets)
    renewed[name] = { digest, requests, events }
    if (isRenewed) return
    expect(
      { digest, requests, events },
      `The commands of ${name} are not those on record. If the rules or the simulated world were meant to change: EVENKEEL_RENEW_GOLDENS=1 npx vitest run test/golden`,
    ).toEqual(goldens[name])
  })

  it("are on record for the runs that there are, and no others", () => {
    const onRecord = isRenewed ? runs : goldens
    expect(Object.keys(onRecord).toSorted()).toEqual(Object.keys(runs).toSorted())
  })
})
