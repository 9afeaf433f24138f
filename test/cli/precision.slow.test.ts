import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readRun } from "../../sim/results/store/store.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-precision-"))
})
afterAll(() => rm(folder, { recursive: true }))

const short = ["--set", "horizonDays=0.02", "--set", "fleet.nodes=40"]
const run = (out: string, ...words: ReadonlyArray<string>) =>
  evenkeelHere(["run", "quickstart", ...short, "--out", join(folder, out), ...words])

describe("evenkeel run --precision", () => {
  it("runs until the metric is precise, the same on any workers, and is brought back", async () => {
    const goal = ["--precision", "requests.perSecond=6%", "--replications", "3", "--json"]
    const two = await run("two", ...goal, "--workers", "2")
    expect(two.code).toBe(0)
    const document = JSON.parse(two.stdout)
    const { precision, replications, metrics } = document
    expect(precision).toMatchObject({ isReached: true, replications, mostReplications: 100 })
    const [target] = precision.targets
    expect(target).toMatchObject({ metric: "requests.perSecond", isRelative: true, target: 0.06 })
    expect(target.metSince + 5).toBe(replications)
    const { mean, halfWidth, n } = metrics["requests.perSecond"]
    expect(n).toBe(replications)
    expect(target.precision).toBeCloseTo(halfWidth / mean, 12)
    expect(target.precision).toBeLessThanOrEqual(0.06)

    const words: ReadonlyArray<string> = document.command.split(" --out ")[0].split(" ").slice(2)
    for (const [out, workers] of [
      ["again", "1"],
      ["wide", "3"],
    ]) {
      const place = ["--json", "--out", join(folder, out), "--workers", workers]
      const again = JSON.parse((await evenkeelHere([...words, ...place])).stdout)
      expect(again.digest).toBe(document.digest)
      expect(again.precision).toEqual(precision)
      expect(again.metrics).toEqual(metrics)
    }
    // What is stored is a whole run of so many.
    const stored = await Effect.runPromise(
      readRun(join(folder, "two", "results.sqlite")).pipe(Effect.provide(NodeContext.layer)),
    )
    expect(stored.replications).toHaveLength(replications)
    expect(stored.digest).toBe(document.digest)
  })

  it("says when the cap comes first", async () => {
    const goal = [
      "--precision=ttft.mean=0.0001",
      "--replications=3",
      "--max-replications=4",
      "--workers=1",
    ]
    const { code, stdout, stderr } = await run("cap", ...goal)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ttft\.mean +± 0\.0001 s +± \S+ s +not met$/m)
    expect(stdout).toMatch(
      /^The cap of 4 replications came before all targets were met and stayed so \(about \d+ might do\); /m,
    )
    expect(stdout).toMatch(/again .* --precision ttft\.mean=0\.0001 --max-replications 4 --set /)
    expect(stderr).toContain("4 of 4 replications at most")
  })

  it.each([
    [["--precision", "ttft.p9=1%"], "no metric ttft.p9; did you mean ttft.p99?"],
    [["--precision", "ttft.p99"], "--precision ttft.p99: expected METRIC=SIZE"],
    [["--precision", "ttft.p99=0%"], "expected METRIC=SIZE with a size above 0"],
    [["--precision", "ttft.p99=-1"], "expected METRIC=SIZE"],
    [["--precision", "ttft.p99=1%", "--max-replications", "5"], "must be 8 or more"],
    [["--max-replications", "5"], "is the cap of --precision, which is not given"],
    [["--precision", "ttft.p99=1%", "--max-replications", "many"], "expected a whole number, 1 to"],
  ])("refuses %j", async (words, message) => {
    const { code, stdout, stderr } = await run("refused", ...words)
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
  })
})
