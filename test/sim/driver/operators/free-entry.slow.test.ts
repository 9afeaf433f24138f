/** Free entry and exit of equal machines under one model, against what theory says of them, by whole runs. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { evenkeelHere } from "../../../cli/program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-entry-"))
  await writeFile(join(folder, "entry.yaml"), scenario)
})
afterAll(() => rm(folder, { recursive: true }))

/** Six people a day think of joining; nearly exact reason, a temperature of a credit a day. */
const scenario = `
extends: base
name: entry
title: Free entry and exit of equal machines under one model
horizonDays: 60
warmupDays: 25
replications: 3
models:
  - { name: llama-3-8b, quantisation: q4, inputPricePerMtok: 25, outputPricePerMtok: 75, popularity: 1, initialSupply: 1 }
demand:
  requestsPerSecond: 0.05
  sizes: { medianInputTokens: 500, medianOutputTokens: 1500, spread: 0.5, maxOutputTokens: 8000 }
consumers: { count: 200, budgetCreditsPerDay: 1000 }
fleet: { nodes: 60, maxSlots: 4, establishedDays: 30 }
churn: { joinsPerDay: 6 }
operators: { decisionHours: 24, temperatureCreditsPerDay: 1, creditUsd: 0.1 }
`

interface Estimated {
  readonly mean: number
  readonly halfWidth: number
}

const run = async (...settings: ReadonlyArray<string>) => {
  const words = settings.flatMap((setting) => ["--set", setting])
  const ended = await evenkeelHere([
    "run",
    join(folder, "entry.yaml"),
    ...words,
    "--workers=1",
    "--json",
    `--out=${join(folder, `out${runs++}`)}`,
    "--no-report",
  ])
  expect(ended.code, ended.stderr).toBe(0)
  const { digest, metrics } = JSON.parse(ended.stdout)
  return { digest, of: (name: string): Estimated => metrics[name] }
}
let runs = 0

describe("free entry", () => {
  it("leaves the last to come what makes as many leave as join", async () => {
    const { of } = await run("economy.ramp.start=1")
    const leaving = of("nodes.leftPerDay").mean / of("nodes.online").mean
    // By logit with a temperature of 1: a revision a day, at which a profit of π is left with the odds e^−π.
    const theory = Math.log(1 / leaving - 1)
    const { mean, halfWidth } = of("profit.consumer")
    // Who leaves is who saw less than the mean: what is believed of a day's pay has an error of its own.
    expect(Math.abs(mean - theory)).toBeLessThan(halfWidth + 0.25)
    expect(of("nodes.joinedPerDay").mean).toBeGreaterThan(5)
  })

  it("is not kept out by the ramp, which is over long before the machine is", async () => {
    const { of } = await run()
    const { halfWidth, mean } = of("profit.consumer")
    expect(mean).toBeLessThan(0.2 * of("pay.consumer.cost").mean)
    expect(of("nodes.joinedPerDay").mean).toBeGreaterThan(5)
    const myopic = await run("operators.outlookDays=7", "operators.discountPerYear=0")
    expect(myopic.of("profit.consumer").mean).toBeGreaterThan(mean + halfWidth)
  })

  it("brings the same fleet however often operators look", async () => {
    const hours = [6, 24, 168]
    const market = [
      "operators.temperatureCreditsPerDay=20",
      "churn.joinsPerDay=2",
      "fleet.nodes=20",
    ]
    const found = []
    for (const each of hours)
      found.push(await run(...market, "replications=2", `operators.decisionHours=${each}`))
    for (const { digest } of found) expect(digest).toBe(found[0].digest)
    expect(found[0].of("nodes.leftPerDay").mean).toBeGreaterThan(1)
  })
})
