import { spawnSync } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import { evenkeel, program } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-json-"))
})
afterAll(() => rm(folder, { recursive: true }))

const oddSeed = '$(x) "a" b'
const small = [
  "--set",
  "horizonDays=0.01",
  "--set",
  "fleet.nodes=20",
  "--replications",
  "2",
  "--workers",
  "1",
]

describe("--json", () => {
  it("prints a run as one document, and its progress and notices beside it", async () => {
    const out = join(folder, "run")
    const { code, stdout, stderr } = await evenkeel([
      "run",
      "quickstart",
      ...small,
      `--seed=${oddSeed}`,
      "--out",
      out,
      "--json",
    ])
    expect(code).toBe(0)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({
      scenario: "quickstart",
      seed: oddSeed,
      replications: 2,
      command: `npx evenkeel run quickstart --seed '$(x) "a" b' --replications 2 --set horizonDays=0.01 --set fleet.nodes=20 --out ${quoteForShell(out)}`,
      files: { results: join(out, "results.sqlite"), report: join(out, "report.html") },
    })
    expect(document.digest).toMatch(/^[0-9a-f]{16}$/)
    for (const count of ["requests", "events", "wallSeconds"])
      expect(document[count]).toBeGreaterThan(0)
    const metrics = Object.entries<Record<string, unknown>>(document.metrics)
    expect(metrics.length).toBeGreaterThan(10)
    for (const [, metric] of metrics) {
      expect(metric["n"]).toBeTypeOf("number")
      expect(Object.keys(metric)).toEqual(expect.arrayContaining(["mean", "halfWidth", "unit"]))
    }
    const checks = Object.entries<Record<string, unknown>>(document.checks)
    expect(checks.length).toBeGreaterThan(2)
    for (const [, check] of checks) {
      expect(check["ok"]).toBe(true)
      expect(check["detail"]).toBeTypeOf("string")
    }
    expect(stderr).toContain("2 of 2 replications")

    // The command gives the same results again, as a shell reads it.
    const again = document.command.replace(
      "npx evenkeel",
      [process.execPath, program].map(quoteForShell).join(" "),
    )
    const repeated = spawnSync("bash", ["-c", `${again} --no-report --workers 1 --json`], {
      cwd: folder,
      encoding: "utf8",
    })
    expect(JSON.parse(repeated.stdout)).toMatchObject({
      digest: document.digest,
      files: { results: join(out, "results.sqlite"), report: null },
    })

    const tables = await evenkeelHere(["export", out, "--format", "csv", "--json"])
    expect(JSON.parse(tables.stdout).files[0]).toBe(join(out, "csv", "run.csv"))
  })

  it.each([
    [["economy", "list"]],
    [["economy", "show", "hardened", "--diff", "pooled"]],
    [["economy", "show", "pooled", "--diff", "pooled"]],
    [["quote", "--price-per-token", "0.00012", "--tokens", "1000000"]],
  ])("prints one document for %j", async (words) => {
    const { code, stdout, stderr } = await evenkeelHere([...words, "--json"])
    expect(code).toBe(0)
    expect(() => JSON.parse(stdout)).not.toThrow()
    expect(stderr).toBe("")
  })

  it("prints a short validation, too wide for a proof and no failure", async () => {
    const { code, stdout, stderr } = await evenkeelHere(["validate", "--effort", "0.001", "--json"])
    expect(code).toBe(0)
    const { ok, results, verdicts } = JSON.parse(stdout)
    expect(ok).toBe(true)
    expect(results.length).toBeGreaterThan(20)
    expect(verdicts.contradicts).toBe(0)
    expect(verdicts["too wide"]).toBeGreaterThan(20)
    expect(stderr).not.toContain("Contradicts")
  })

  it.each([
    [["run", "quickstart", "--set", "nonsense=1"]],
    [["run", "quickstart", "--nonsense"]],
    [["report", "no-such-folder"]],
    [["economy", "show", "pooled", "--diff", "no-such-economy"]],
    [["quote", "--price-per-token", "x", "--tokens", "1"]],
  ])("leaves stdout empty where %j fails", async (words) => {
    const { code, stdout, stderr } = await evenkeelHere([...words, "--json"])
    expect(code).toBe(words[0] === "report" ? 1 : 2)
    expect(stdout).toBe("")
    expect(stderr).not.toBe("")
  })
})
