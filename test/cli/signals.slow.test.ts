import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readRun } from "../../sim/results/store/store.ts"
import { isLong } from "../support/property-runs.ts"
import type { Ended } from "./evenkeel.ts"
import { evenkeel, stackLine } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-signals-"))
})
afterAll(() => rm(folder, { recursive: true }))

const runWords = (out: string, days: number, replications: number) => [
  "run",
  "quickstart",
  "--workers=2",
  `--out=${join(folder, out)}`,
  "--replace",
  `--set=horizonDays=${days}`,
  "--set=fleet.nodes=20",
  "--set=demand.requestsPerSecond=0.3",
  `--replications=${replications}`,
]

const stored = (out: string) =>
  Effect.runPromise(
    readRun(join(folder, out, "results.sqlite")).pipe(Effect.provide(NodeContext.layer)),
  )

/** Sends the signal once stderr says `when`, and tells how long it then took. */
const stop = async (
  words: ReadonlyArray<string>,
  signal: NodeJS.Signals,
  when: RegExp,
): Promise<Ended & { readonly seconds: number }> => {
  let sent = 0
  const ended = await evenkeel(words, (child, stderr) => {
    if (sent === 0 && when.test(stderr())) {
      sent = performance.now()
      child.kill(signal)
    }
  })
  expect(sent, `never said ${when}: ${ended.stderr}`).toBeGreaterThan(0)
  return { ...ended, seconds: (performance.now() - sent) / 1000 }
}

describe("a run that is stopped", () => {
  it("by SIGTERM keeps what was finished, says so, and leaves stdout empty", async () => {
    const words = [...runWords("half", 0.1, 60), "--json"]
    const ended = await stop(words, "SIGTERM", /[1-9]\d* of 60/)
    expect(ended.code).toBe(143)
    expect(ended.seconds).toBeLessThan(10)
    expect(ended.stdout).toBe("")
    expect(ended.stderr).not.toMatch(stackLine)
    const told = /Stopped\. (\d+) of 60 replications were finished and are kept/.exec(ended.stderr)
    const { replications, replicationsAsked } = await stored("half")
    expect(replications.length).toBe(Number(told?.[1]))
    expect(replicationsAsked).toBe(60)
    expect(await readdir(join(folder, "half"))).toEqual(["results.sqlite"])
    const report = await evenkeelHere(["report", join(folder, "half"), "--json"])
    expect(report.code).toBe(0)
    const page = JSON.parse(report.stdout).files[0]
    expect(await readFile(page, "utf8")).toContain("</html>")
  })

  it("before anything was finished leaves earlier results as they were", async () => {
    expect((await evenkeelHere(runWords("earlier", 0.01, 2))).code).toBe(0)
    const before = await readdir(join(folder, "earlier"))
    const database = join(folder, "earlier", "results.sqlite")
    const bytes = await readFile(database)
    const { code, stderr } = await stop(runWords("earlier", 0.5, 2), "SIGINT", /%/)
    expect(code).toBe(130)
    expect(stderr).toContain("Stopped before a replication was finished: nothing was kept.")
    expect(await readFile(database)).toEqual(bytes)
    expect(await readdir(join(folder, "earlier"))).toEqual(before)
  })

  it("while its report is drawn has its results whole", async () => {
    const database = join(folder, "drawn", "results.sqlite")
    const drawn = async (child: ChildProcess) => {
      while (!existsSync(database)) await sleep(2)
      child.kill("SIGINT")
    }
    const ended = await evenkeel(runWords("drawn", 0.02, 2), (child, stderr) => {
      if (stderr().endsWith("2 of 2 replications\n")) void drawn(child)
    })
    expect(ended.code).toBe(130)
    expect(ended.stderr).toMatch(/Stopped\. The results are kept in .*results\.sqlite/)
    expect((await stored("drawn")).replications.length).toBe(2)
  })

  it("by SIGKILL while it writes leaves the old results or the new ones", async () => {
    expect((await evenkeelHere(runWords("killed", 0.01, 2))).code).toBe(0)
    const old = await stored("killed")
    for (const millis of isLong ? [0, 5, 10, 15, 20, 30] : [0, 20]) {
      // The folder beside the results in which new ones are written; earlier kills left theirs.
      const workshops = async () =>
        (await readdir(join(folder, "killed"))).filter((name) => name.startsWith(".evenkeel-"))
      const before = (await workshops()).length
      const killWhileWriting = async (child: ChildProcess) => {
        while ((await workshops()).length === before) await sleep(1)
        await sleep(millis)
        child.kill("SIGKILL")
      }
      const ended = await evenkeel(runWords("killed", 0.02, 2), (child, stderr) => {
        if (stderr().endsWith("2 of 2 replications\n")) void killWhileWriting(child)
      })
      expect(ended.code).toBeNull()
      const now = await stored("killed")
      expect([old.horizonSeconds, 0.02 * 86_400]).toContain(now.horizonSeconds)
      expect(now.replications.length).toBe(2)
    }
  })
})

describe("a validation", () => {
  it("stops between two replications of a form", async () => {
    const ended = await stop(["validate"], "SIGTERM", /2 of \d+/)
    expect(ended.code).toBe(143)
    expect(ended.seconds).toBeLessThan(5)
    expect(ended.stdout).toBe("")
  })
})
