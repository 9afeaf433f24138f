import { spawnSync } from "node:child_process"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { MetricComparison } from "../../sim/results/models/comparison-model.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import type { Ended } from "./evenkeel.ts"
import { evenkeel, program } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-compare-"))
})
afterAll(() => rm(folder, { recursive: true }))

const settings = ["horizonDays=0.02", "fleet.nodes=24", "demand.requestsPerSecond=0.4"]
const short = [...settings.map((setting) => `--both=${setting}`), "--seed=7"]
let comparisons = 0
/** On one thread: another takes longer to begin than these replications do. */
const compare = (...words: ReadonlyArray<string>) =>
  evenkeelHere([
    "compare",
    "quickstart",
    ...short,
    "--workers=1",
    `--out=${join(folder, String(++comparisons))}`,
    ...words,
  ])

/** The metrics of a document, by name. */
const metricsOf = (stdout: string): ReadonlyMap<string, MetricComparison> =>
  new Map(Object.entries(JSON.parse(stdout).metrics))

const halved = ["--replications", "6", "--set", "economy.feeBps=600", "--json"]
/** Half the fee, as a user compares it, with the report. */
let made: Ended
beforeAll(async () => {
  made = await evenkeel(
    ["compare", "quickstart", ...short, ...halved, "--workers", "2"],
    () => {},
    { cwd: folder },
  )
})

describe("evenkeel compare", () => {
  it("finds that a lower fee moves the platform's credits, whatever the workers", async () => {
    const { code, stdout, stderr } = made
    expect(code).toBe(0)
    expect(stderr).toContain("100%  12 of 12 replications")
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({
      scenario: "quickstart",
      seed: "7",
      replications: 6,
      isPaired: true,
      both: settings,
      set: ["economy.feeBps=600"],
      missing: {},
    })
    expect(document.digestBaseline).toMatch(/^[0-9a-f]{16}$/)
    expect(document.digestVariant).not.toBe(document.digestBaseline)
    expect(document.wallSeconds).toBeGreaterThan(0)
    const metrics = metricsOf(stdout)
    expect(metrics.size).toBeGreaterThan(20)
    for (const metric of metrics.values()) {
      expect(Object.keys(metric).toSorted()).toEqual(
        [
          ..."base baseline basis difference group halfWidth high isEffectRelative label least low".split(
            " ",
          ),
          ..."meaning most n p pHolm relative role smallestDifference smallestEffect unit".split(
            " ",
          ),
          ..."variant varianceReduction verdict window".split(" "),
        ].toSorted(),
      )
      expect(metric.difference).toBeCloseTo(metric.variant - metric.baseline, 6)
    }
    const fees = metrics.get("credits.platformPerDay")
    expect(fees?.difference).toBeLessThan(0)
    expect(fees?.relative).toBeCloseTo(-0.5, 1)
    expect(fees?.p).toBeLessThan(0.05)
    // The same people ask for the same at the same moments.
    expect(metrics.get("requests.perSecond")?.difference).toBe(0)
    expect(metrics.get("credits.grossPerDay")?.varianceReduction ?? Infinity).toBeGreaterThan(5)

    const again = await compare(...halved)
    expect(metricsOf(again.stdout)).toEqual(metrics)
    const repeated = spawnSync(
      "bash",
      [
        "-c",
        `${document.command.replace("npx evenkeel", [process.execPath, program].map(quoteForShell).join(" "))} --no-report --json`,
      ],
      { cwd: folder, encoding: "utf8" },
    )
    expect(JSON.parse(repeated.stdout).digestVariant).toBe(document.digestVariant)
    // Both runs, the figures and the page with its charts, and nothing else.
    expect((await readdir(join(folder, "out", "quickstart-compare"))).toSorted()).toEqual([
      "baseline",
      "charts",
      "comparison.json",
      "report.html",
      "variant",
    ])
  })

  it("has the baseline of a run of its own", async () => {
    const run = await evenkeelHere([
      "run",
      "quickstart",
      ...settings.map((setting) => `--set=${setting}`),
      "--seed=7",
      "--workers=1",
      "--replications=6",
      `--out=${join(folder, "run")}`,
      "--json",
    ])
    await rm(join(folder, "run"), { recursive: true })
    const { digest, metrics } = JSON.parse(run.stdout)
    expect(JSON.parse(made.stdout).digestBaseline).toBe(digest)
    for (const [name, { baseline }] of metricsOf(made.stdout))
      expect(baseline).toBeCloseTo(metrics[name].mean, 9)
  })

  it("shows no difference at all where the settings are the same", async () => {
    const words = ["--replications", "6", "--set", "economy.feeBps=1200"]
    const { code, stdout } = await compare(...words, "--json")
    expect(code).toBe(0)
    const document = JSON.parse(stdout)
    expect(document.digestVariant).toBe(document.digestBaseline)
    for (const metric of metricsOf(stdout).values())
      expect(metric).toMatchObject({
        difference: 0,
        halfWidth: 0,
        p: 1,
        basis: "identical",
        pHolm: null,
        verdict: "identical",
        varianceReduction: null,
      })
    const shown = await compare(...words)
    expect(shown.stdout).toMatch(
      /^Of (\d+) metrics 0 moved, 0 by less than matters; of 0 no difference is shown; \1 are\s+identical/m,
    )
    expect(shown.stdout).toContain(`again    npx evenkeel compare quickstart --seed 7`)
  })

  it("keeps what both sides share below a group that the variant replaces", async () => {
    const words = "--both economy.feeBps=0 --set economy=hardened --replications 6 --json"
    const { code, stdout } = await compare(...words.split(" "))
    expect(code).toBe(0)
    expect(metricsOf(stdout).get("credits.platformPerDay")).toMatchObject({
      baseline: 0,
      variant: 0,
    })
    expect(JSON.parse(stdout).digestVariant).not.toBe(JSON.parse(stdout).digestBaseline)
  })

  it("cuts the same warm-up from both", async () => {
    const words =
      "--both warmupDays=null --set models.4.initialSupply=0.5 --replications 6 --json".split(" ")
    const { code, stdout } = await compare(...words)
    expect(code).toBe(0)
    // Demand does not depend on supply: what is asked for over the same time is the same.
    expect(metricsOf(stdout).get("requests.perSecond")?.difference).toBe(0)
    expect(metricsOf(stdout).get("nodes.llama-3-70b")?.difference).toBeGreaterThan(0)
  })

  it("lists the metrics that one side does not have", async () => {
    const words = "--set models.0.name=mixtral-8x7b --replications 6".split(" ")
    const { code, stdout } = await compare(...words)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Not compared: [^]*llama-3\.2-3b \(no\s+variant\)/m)
    expect(stdout).toMatch(/^Not compared: [^]*mixtral-8x7b \(no\s+baseline\)/m)
  })

  it.each([
    [["--set", "economy.feeBps=12%"], "quickstart with --set is not a scenario"],
    [["--set", "nonsense"], "--set nonsense is not a scenario that can be run"],
    [["--set", "a.b=1", "--both", "nonsense"], "--both nonsense is not a scenario"],
    [["--set", "a.b=1", "--both", "fleet.nods=5"], "quickstart with --both is not a scenario"],
    [
      ["--set", "a.b=1", "--both", "economy.feeBps=1", "--both", "economy=pooled"],
      "--both economy=pooled is not a scenario that can be run:\n  would undo --both economy.feeBps=1",
    ],
    [[], "--set: must be given at least once"],
    [["--set"], "--set: a value is missing"],
    [["--set", "seed=9"], "--set seed: baseline and variant share it"],
    [["--set", "replications=9"], "--set replications: baseline and variant share it"],
    [
      ["--set", "economy.feeBps=1", "--replications", "5"],
      "--replications 5: 5 replications cannot show a difference",
    ],
    [["--set", "warmupDays=0"], "--set warmupDays: baseline and variant share it"],
    [["--set", "a.b=1", "--metric", "profit.consumr"], "did you mean profit.consumer?"],
    [["--set", "a.b=1", "--metric", "ttft.p99=much"], "expected NAME or NAME=SIZE"],
    [["--set", "a.b=1", "--workers", "many"], "--workers many: expected a whole number, 1 to 256"],
    [["--set", "a.b=1", "--both", "replications=1"], "use 6 or more"],
    [["--set", "a.b=1", "--output", "out"], "evenkeel compare has no such option"],
  ])("refuses %j", async (words, message) => {
    const { code, stdout, stderr } = await evenkeelHere(["compare", "quickstart", ...words])
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
  })

  it("refuses a scenario that is not there, and takes one from a file", async () => {
    const missing = await evenkeelHere(["compare", "nowhere", "--set", "a=1"])
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain("no such file, and no built-in scenario of that name")
    const file = join(folder, "own.yaml")
    await writeFile(file, "extends: quickstart\nname: own\nhorizonDays: 0.005\nreplications: 6\n")
    const { code, stdout } = await evenkeelHere([
      "compare",
      file,
      "--set=fleet.nodes=20",
      "--workers=1",
      `--out=${join(folder, "own")}`,
      "--json",
    ])
    await rm(file)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ scenario: "own", replications: 6 })
  })

  it("tests for itself what is named, and takes runs that were kept as they are", async () => {
    const out = join(folder, "fees")
    const made = await evenkeelHere([
      "compare",
      "quickstart",
      ...short,
      "--set=economy.feeBps=600",
      "--replications=6",
      "--workers=1",
      "--metric=credits.platformPerDay=1%",
      "--out",
      out,
    ])
    expect(made.code).toBe(0)
    expect(made.stdout).toMatch(/^credits\.platformPerDay is lower: −/m)
    const kept = await evenkeelHere([
      "compare",
      join(out, "baseline"),
      join(out, "variant"),
      "--metric=credits.*",
      "--json",
    ])
    expect(kept.code).toBe(0)
    const document = JSON.parse(kept.stdout)
    expect(document).toMatchObject({ isPaired: true, files: { folder: null } })
    const metrics = metricsOf(kept.stdout)
    for (const [name, { role }] of metrics)
      expect(role).toBe(name.startsWith("credits.") ? "primary" : "exploratory")
    expect(metrics.get("credits.platformPerDay")?.difference).toBeLessThan(0)
    // Another comparison does not go over it, and the same one does.
    const other = [
      "compare",
      "quickstart",
      ...short,
      "--both=horizonDays=0.002",
      "--set=economy.feeBps=700",
      "--replications=6",
      "--workers=1",
    ]
    const beside = await evenkeelHere([...other, "--out", out, "--json"])
    expect(beside.code).toBe(0)
    expect(beside.stderr).toContain(`${out} holds another run`)
    expect(JSON.parse(beside.stdout).files.folder).toBe(`${out}-2`)
    expect((await evenkeelHere([...other, "--out", out, "--replace"])).code).toBe(0)
  })

  it("does not simulate what it is given as folders", async () => {
    const { code, stderr } = await evenkeelHere(["compare", "a", "b", "--set=economy.feeBps=1"])
    expect(code).toBe(2)
    expect(stderr).toContain("--set: is of a comparison that simulates")
    const missing = await evenkeelHere(["compare", join(folder, "a"), join(folder, "b")])
    expect(missing.stderr).toContain("results.sqlite")
  })

  it("says that nothing was kept when it is interrupted", async () => {
    const words = ["--set", "fleet.nodes=70", "--replications", "60", "--json"]
    let isStopped = false
    const ended = await evenkeel(
      ["compare", "quickstart", ...short, ...words],
      (child, stderr) => {
        if (isStopped || !stderr().includes("10%")) return
        isStopped = true
        child.kill("SIGINT")
      },
      { cwd: folder },
    )
    expect(ended.code).toBe(130)
    expect(ended.stdout).toBe("")
    expect(ended.stderr).toContain("Stopped: a comparison keeps nothing before it is whole.")
  })
})
