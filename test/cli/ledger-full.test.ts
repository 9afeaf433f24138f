import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { evenkeel, stackLine } from "./evenkeel.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-ledger-"))
})
afterAll(() => rm(folder, { recursive: true }))

it("a run with more money than its unit can count ends with what is allowed, and no trace", async () => {
  const { code, stdout, stderr } = await evenkeel([
    "run",
    "newcomer",
    "--replications=2",
    "--workers=1",
    `--out=${folder}`,
    "--set=horizonDays=0.2",
    "--set=economy.money.scale=9",
    "--set=economy.promotion.grantCredits=0",
    "--set=consumers.budgetCreditsPerDay=100000000",
    "--set=consumers.topUpCredits=1000000",
  ])
  expect(code).toBe(1)
  expect(stdout).toBe("")
  expect(stderr).toContain("Replication 0 stopped: on day 1 consumers bought more credits")
  expect(stderr).toContain("With economy.money.scale at 9 the market may hold 9,007,199 of them")
  expect(stderr).toContain("Stopped before a replication was finished: nothing was kept.")
  expect(stderr).not.toMatch(stackLine)
  expect(await readdir(folder)).toEqual([])
})
