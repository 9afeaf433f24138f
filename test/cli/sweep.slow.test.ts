/** Sweeps as a user runs them: killed and resumed, sharded and merged, refused. */
import { execFileSync, spawn } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Ended } from "./evenkeel.ts"
import { evenkeel, program, stackLine } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
let scenario = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-sweep-"))
  scenario = join(folder, "small.yaml")
  await writeFile(
    scenario,
    [
      "name: small",
      "horizonDays: 0.02",
      "warmupDays: 0.005",
      "replications: 2",
      "demand: { requestsPerSecond: 0.3 }",
      "fleet: { nodes: 3, maxSlots: 2 }",
      "consumers: { count: 10 }",
    ].join("\n"),
  )
})
afterAll(() => rm(folder, { recursive: true }))

const vary = ["--vary", "economy.feeBps=500..2000:4", "--vary", "fleet.nodes=2,4,6"]
const cells = 24
const sweepWords = (out: string, ...words: ReadonlyArray<string>) => [
  "sweep",
  scenario,
  ...vary,
  `--out=${join(folder, out)}`,
  ...words,
]
/** On one thread, where the words ask for no more: a thread takes longer to begin than the cells do. */
const sweep = (out: string, ...words: ReadonlyArray<string>) => {
  const workers = words.some((word) => word.startsWith("--workers")) ? [] : ["--workers=1"]
  return evenkeelHere(sweepWords(out, ...workers, ...words))
}
const exports = (out: string) =>
  Promise.all(
    ["cells.csv", "results.json"].map((name) => readFile(join(folder, out, name), "utf8")),
  )

/** The sweep that nobody interrupted, on two threads. */
let whole: ReadonlyArray<string> = []
let firstRun: Ended
beforeAll(async () => {
  firstRun = await evenkeel(sweepWords("whole", "--workers=2"))
  whole = await exports("whole")
})

/** Starts the sweep and kills it when `when` says so. Gives what it had said, and the signal. */
const kill = (out: string, when: (stderr: string) => boolean, words: ReadonlyArray<string> = []) =>
  new Promise<{ readonly stderr: string; readonly signal: NodeJS.Signals | null }>((resolve) => {
    const child = spawn(process.execPath, [program, ...sweepWords(out, ...words)], {
      stdio: ["ignore", "ignore", "pipe"],
    })
    let stderr = ""
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString()
      if (when(stderr)) child.kill("SIGKILL")
    })
    child.on("close", (_, signal) => resolve({ stderr, signal }))
  })

describe("evenkeel sweep", () => {
  it("has a row for each cell, its factors, and no duration", async () => {
    expect(firstRun.code, firstRun.stderr).toBe(0)
    expect(firstRun.stderr).toContain(`100%  ${cells} of ${cells} cells`)
    expect(firstRun.stdout).toMatch(/^results +.*results\.json$/m)
    expect(firstRun.stdout).toMatch(/^economy\.feeBps moves \d+ of \d+ metrics; \d+ are identical/m)
    const [csv, json] = whole
    const [header, ...rows] = csv.trimEnd().split("\n")
    expect(header).toMatch(/^cell,point,replication,economy\.feeBps,fleet\.nodes,digest,requests,/)
    expect(rows).toHaveLength(cells)
    expect(rows.map((row) => Number(row.split(",")[0]))).toEqual([...rows.keys()])
    expect(rows[0]).toMatch(/^0,0,0,500,2,/)
    expect(rows.at(-1)).toMatch(/^23,11,1,2000,6,/)
    expect(csv + json).not.toMatch(/wall/i)
    const document = JSON.parse(json)
    expect(document).toMatchObject({ design: "grid", points: 12, replications: 2, seed: "1" })
    expect(document.results).toHaveLength(12)
    const [first] = document.results
    const values = rows
      .slice(0, 2)
      .map((row) => Number(row.split(",")[header.split(",").indexOf("utilisation.all")]))
    expect(first.metrics["utilisation.all"].mean).toBeCloseTo((values[0] + values[1]) / 2, 12)
    expect(first.metrics["utilisation.all"].halfWidth).toBeGreaterThan(0)
    // Common random numbers: who asks for what does not depend on the fee.
    expect(document.results[3].metrics["requests.perSecond"]).toEqual(
      first.metrics["requests.perSecond"],
    )
  })

  it("has the cells of a run of its own", async () => {
    const run = await evenkeelHere([
      "run",
      scenario,
      "--set=economy.feeBps=1000",
      "--set=fleet.nodes=4",
      `--out=${join(folder, "run")}`,
      "--json",
    ])
    const { metrics } = JSON.parse(run.stdout)
    const point = JSON.parse(whole[1]).results.find(
      ({ values }: { readonly values: Readonly<Record<string, number>> }) =>
        values["economy.feeBps"] === 1000 && values["fleet.nodes"] === 4,
    )
    expect(Object.keys(point.metrics)).toEqual(Object.keys(metrics))
    for (const [name, { mean }] of Object.entries<{ readonly mean: number }>(metrics))
      expect(point.metrics[name].mean, name).toBe(mean)
  })

  it("killed at any moment and begun again, gives the same bytes as one that was not", async () => {
    const doneIn = (stderr: string) =>
      Number([...stderr.matchAll(/ (\d+) of 24 cells/g)].at(-1)?.[1] ?? 0)
    const first = await kill("killed", (stderr) => doneIn(stderr) >= 3)
    expect(first.signal).toBe("SIGKILL")
    const second = await kill("killed", (stderr) => doneIn(stderr) >= 10, ["--workers=1"])
    expect(second.signal).toBe("SIGKILL")
    const there = Number(/(\d+) of 24 cells are there already/.exec(second.stderr)?.[1])
    expect(there).toBeGreaterThanOrEqual(3)
    // And at once, before anything can have been finished.
    const third = await kill("killed", (stderr) => stderr.includes("are there already"))
    expect(third.signal).toBe("SIGKILL")
    const kept = Number(/(\d+) of 24 cells are there already/.exec(third.stderr)?.[1])
    expect(kept).toBeGreaterThanOrEqual(Math.max(there, 10))
    const last = await sweep("killed", "--workers=3", "--json")
    expect(last.code, last.stderr).toBe(0)
    expect(await exports("killed")).toEqual(whole)
    expect(JSON.parse(last.stdout)).toMatchObject({ cells, digest: JSON.parse(whole[1]).digest })
    // Finished, it has nothing left to do, and says the same.
    const again = await sweep("killed", "--json")
    expect(again.stderr).not.toContain("%")
    expect(again.stdout).toBe(last.stdout)
  })

  it("stopped by Ctrl-C keeps what is finished and says how to go on", async () => {
    let isStopped = false
    const ended = await evenkeel(sweepWords("stopped", "--json"), (child, stderr) => {
      if (isStopped || !/[1-9]\d* of 24 cells/.test(stderr())) return
      isStopped = true
      child.kill("SIGINT")
    })
    expect(ended.code).toBe(130)
    expect(ended.stdout).toBe("")
    expect(ended.stderr).not.toMatch(stackLine)
    const kept =
      /Stopped\. (\d+) of 24 cells are finished and kept in .*; the same command goes on/.exec(
        ended.stderr,
      )?.[1]
    expect(Number(kept)).toBeGreaterThan(0)
    const resumed = await sweep("stopped")
    expect(resumed.stderr).toContain(`${kept} of 24 cells are there already`)
    expect(await exports("stopped")).toEqual(whole)
  })

  it("in shards and merged gives the same bytes, and merge refuses what is no whole", async () => {
    for (const shard of [1, 2, 3]) {
      const { code } = await sweep(`shard-${shard}`, `--shard=${shard}/3`, "--json")
      expect(code).toBe(0)
    }
    const shards = [3, 1, 2].map((shard) => join(folder, `shard-${shard}`))
    const merge = (...words: ReadonlyArray<string>) => evenkeelHere(["merge", ...words])
    const incomplete = await merge(join(folder, "part"), shards[0], shards[2])
    expect(incomplete.code).toBe(2)
    expect(incomplete.stderr).toContain("8 of 24 cells are missing")
    expect(incomplete.stderr).toContain("shard 1/3 is not among them")
    const merged = await merge(join(folder, "merged"), ...shards)
    expect(merged.code, merged.stderr).toBe(0)
    expect(await exports("merged")).toEqual(whole)
    // Twice the same is no contradiction; the whole sweep is a part like any other.
    const doubled = await merge(join(folder, "doubled"), ...shards, join(folder, "whole"))
    expect(doubled.code).toBe(0)
    expect(await exports("doubled")).toEqual(whole)

    expect((await sweep("foreign", "--seed=2", "--shard=1/3")).code).toBe(0)
    const foreign = await merge(join(folder, "part"), shards[0], join(folder, "foreign"))
    expect(foreign.code).toBe(1)
    expect(foreign.stderr).toMatch(
      /foreign holds another sweep:\n {2}seed: 1 in .*shard-3, 2 in it/,
    )

    await mkdir(join(folder, "changed"))
    await cp(join(folder, "whole", "sweep.sqlite"), join(folder, "changed", "sweep.sqlite"))
    await change(join(folder, "changed", "sweep.sqlite"))
    const changed = await merge(join(folder, "part"), ...shards, join(folder, "changed"))
    expect(changed.code).toBe(2)
    expect(changed.stderr).toMatch(
      /cell 5 \(point 2, replication 1\) is also in another folder, with other results/,
    )
    expect([incomplete, foreign, changed].map(({ stdout }) => stdout)).toEqual(["", "", ""])
    expect((await readdir(folder)).includes("part")).toBe(false)
  })

  it("samples ranges by latin and sobol designs, and whole numbers where the setting takes only such", async () => {
    for (const design of ["latin", "sobol"]) {
      const { code, stderr } = await evenkeelHere([
        "sweep",
        scenario,
        "--workers=1",
        "--design",
        design,
        "--points",
        "8",
        "--replications",
        "1",
        "--vary",
        "fleet.nodes=2..9",
        "--vary",
        "demand.requestsPerSecond=log(0.1..1)",
        "--vary",
        "economy=pooled,hardened",
        "--both",
        "economy.feeBps=700",
        "--out",
        join(folder, design),
      ])
      expect(code, stderr).toBe(0)
      const document = JSON.parse((await exports(design))[1])
      const values: ReadonlyArray<Readonly<Record<string, number | string>>> = document.results.map(
        (one: { readonly values: Readonly<Record<string, number | string>> }) => one.values,
      )
      // Eight whole numbers and eight points: each once.
      expect(values.map((one) => one["fleet.nodes"]).toSorted()).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
      expect(values.filter(({ economy }) => economy === "pooled")).toHaveLength(4)
      const rates = values.map((one) => Number(one["demand.requestsPerSecond"]))
      expect(rates.filter((rate) => rate < Math.sqrt(0.1))).toHaveLength(4)
    }
  })

  it("refuses to go on with another definition, and says what differs", async () => {
    const { code, stderr, stdout } = await sweep("whole", "--both", "horizonDays=0.03", "--seed=9")
    expect(code).toBe(1)
    expect(stdout).toBe("")
    expect(stderr).toContain("sweep.sqlite holds another sweep:")
    expect(stderr).toContain("horizonDays: 0.02 there, 0.03 now")
    expect(stderr).toContain("seed: 1 there, 9 now")
    expect(await exports("whole")).toEqual(whole)
  })

  it.each([
    [["--vary", "fleet.nodes=1..5", "--design", "latin"], "--design latin: needs --points N"],
    [["--vary", "fleet.nodes=1,2", "--points", "5"], "--points: a grid has as many points"],
    [["--vary", "fleet.nodes=1,2", "--shard", "3/2"], "--shard 3/2: expected part/parts"],
    [["--vary", "fleet.nods=1,2"], "small.yaml at fleet.nods=1 is not a scenario that can be run"],
  ])("refuses %j", async (words, message) => {
    const { code, stdout, stderr } = await evenkeelHere([
      "sweep",
      scenario,
      ...words,
      `--out=${join(folder, "refused")}`,
    ])
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
    expect(await readdir(folder)).not.toContain("refused")
  })
})

/** Changes one metric of cell 5 by a little, as a bad disk might. */
const change = (path: string) =>
  new Promise<void>((resolve, reject) => {
    const script = `
      import sqlite3 from "sqlite3"
      const database = new sqlite3.Database(process.argv[1])
      database.run("UPDATE metrics SET value = value * 1.000001 WHERE cell = 5 AND name = 'utilisation.all'", (error) => {
        database.close(() => process.exit(error ? 1 : 0))
      })`
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, path], {
      stdio: "inherit",
    })
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error("not changed"))))
  })

/** The words of a printed command, as a shell takes them. */
const wordsOf = (command: string): ReadonlyArray<string> =>
  execFileSync("bash", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n")
    .slice(2)

const asMarkup = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("'", "&#39;")

describe("evenkeel sensitivity", () => {
  const words = (out: string, ...more: ReadonlyArray<string>) => [
    "sensitivity",
    scenario,
    "--vary",
    "economy.feeBps=500..2000",
    "--vary",
    "fleet.nodes=2..6",
    "--out",
    join(folder, out),
    ...more,
  ]

  it("finds by elementary effects that the fee moves the platform's credits and the fleet its use", async () => {
    const more = [
      "--samples",
      "6",
      "--metric",
      "credits.platformPerDay",
      "--metric",
      "utilisation.all",
    ]
    const { code, stdout, stderr } = await evenkeel(words("morris", ...more, "--json"))
    expect(code, stderr).toBe(0)
    const { metrics, points, files, command } = JSON.parse(stdout)
    expect(points).toBe(18)
    const [fee] = metrics["credits.platformPerDay"].factors
    expect(fee.factor).toBe("economy.feeBps")
    expect(fee.mu.low).toBeGreaterThan(0)
    const [nodes, other] = metrics["utilisation.all"].factors
    expect(nodes.factor).toBe("fleet.nodes")
    expect(nodes.mu.high).toBeLessThan(0)
    expect(other.muStar.value).toBeLessThan(nodes.muStar.low)
    expect(await readFile(files.report, "utf8")).toContain(": economy.feeBps moves it most")
    // The command on the page runs as it stands, and finds every cell there.
    expect(await readFile(files.report, "utf8")).toContain(asMarkup(command))
    const repeated = await evenkeelHere([...wordsOf(command), "--json"])
    expect(repeated.code, repeated.stderr).toBe(0)
    const { digest, ...others } = JSON.parse(repeated.stdout)
    expect([digest, others.metrics]).toEqual([JSON.parse(stdout).digest, metrics])
    expect(others.command).toBe(command)
    expect(repeated.stderr).not.toContain("cells")
    // A further metric costs no further cell.
    const again = await evenkeelHere(words("morris", "--samples", "6", "--metric", "ttft.mean"))
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).not.toContain("%")
    expect(again.stdout).toContain("ttft.mean (s): Time to first token")
  })

  it("gives Sobol' indices with a row for chance", async () => {
    const more = ["--method", "sobol", "--samples", "9", "--metric", "credits.platformPerDay"]
    const { code, stdout, stderr } = await evenkeelHere(words("indices", ...more, "--json"))
    expect(code, stderr).toBe(0)
    expect(stderr).toContain("--samples 9 is no power of two")
    const { factors } = JSON.parse(stdout).metrics["credits.platformPerDay"]
    expect(factors.map(({ factor }: { readonly factor: string }) => factor).toSorted()).toEqual([
      "chance",
      "economy.feeBps",
      "fleet.nodes",
    ])
    expect(factors[0].factor).toBe("economy.feeBps")
    expect(factors[0].total.low).toBeGreaterThan(0.3)
  })

  it.each([
    [
      ["--metric", "happiness"],
      "--metric happiness: the scenario has no metric happiness. npx evenkeel metrics lists all",
    ],
    [["--metric", "ttft.mean", "--samples", "1"], "expected a whole number, 2 to 100000"],
  ])("refuses %j", async (more, message) => {
    const { code, stderr, stdout } = await evenkeelHere(words("refused", ...more))
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
  })
})
