/** Results do not depend on how many replications run at once: every built-in scenario, for as long as shows it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { builtInScenarios } from "../../sim/scenarios/load.ts"
import { evenkeel } from "./evenkeel.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-workers-"))
  const rows = Array.from({ length: 200 }, (_, row) => `${row * 3},${100 + row},${50 + (row % 40)}`)
  const text = ["TIMESTAMP,ContextTokens,GeneratedTokens", ...rows, ""].join("\n")
  await writeFile(join(folder, "trace.csv"), text)
})
afterAll(() => rm(folder, { recursive: true }))

/** Markets of hours need days, of calls an hour; a trace is as long as it is. */
const days: Readonly<Record<string, number>> = {
  "day-and-night": 2,
  "strategies-of-price": 4,
  unreliable: 4,
  disputes: 4,
  contracts: 6,
  reserved: 4,
  "swarm-pricing": 4,
  "batch-nights": 0.5,
  "service-classes": 0.2,
}
const settingsOf = (name: string): ReadonlyArray<string> =>
  name === "trace"
    ? [
        "--set",
        `demand.trace.path=${join(folder, "trace.csv")}`,
        "--set=demand.trace.timeUnit=seconds",
      ]
    : [`--set=horizonDays=${days[name] ?? 0.05}`, "--set=warmupDays=0"]

const resultOf = async (name: string, workers: number) => {
  const out = join(folder, `${name}-${workers}`)
  const size = ["--replications=2", `--workers=${workers}`]
  const run = await evenkeel([
    "run",
    name,
    ...settingsOf(name),
    ...size,
    "--no-report",
    "--json",
    `--out=${out}`,
  ])
  expect(run.code, run.stderr).toBe(0)
  const { digest, requests, events, metrics } = JSON.parse(run.stdout) as Record<string, unknown>
  return { digest, requests, events, metrics }
}

describe("a run on one worker and one on two", () => {
  it.each([...builtInScenarios])("are the same, of %s", async (name) => {
    const one = await resultOf(name, 1)
    expect(await resultOf(name, 2)).toEqual(one)
    expect(one.events).toBeGreaterThan(100)
  })
})
