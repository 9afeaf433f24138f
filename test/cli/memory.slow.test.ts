import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readRun } from "../../sim/results/store/store.ts"
import { evenkeel, stackLine } from "./evenkeel.ts"

/**
 * What every thread of the program loads first: lets a worker thread run out of memory once it has
 * sent its first result, or its first message of any kind where OUT_OF_MEMORY is "started".
 */
const outOfMemory = `
const { isMainThread, parentPort } = require("node:worker_threads")
const fillTheHeap = () => {
  const held = []
  for (;;) held.push(Array.from({ length: 100000 }, () => ({})))
}
const isResult = (value) =>
  value?._tag === "Done" || (Array.isArray(value) && value.some(isResult))
if (!isMainThread) {
  const post = parentPort.postMessage.bind(parentPort)
  parentPort.postMessage = (message, transfer) => {
    post(message, transfer)
    if (process.env.OUT_OF_MEMORY === "started" || isResult(message)) setTimeout(fillTheHeap, 300)
  }
}
`

let folder = ""
let preload = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-memory-"))
  preload = join(folder, "out-of-memory.cjs")
  await writeFile(preload, outOfMemory)
})
afterAll(() => rm(folder, { recursive: true }))

const run = (out: string, when: string, days: number) =>
  evenkeel(
    [
      "run",
      "quickstart",
      `--set=horizonDays=${days}`,
      "--replications=6",
      "--workers=1",
      `--out=${join(folder, out)}`,
      "--json",
    ],
    () => {},
    {
      env: {
        OUT_OF_MEMORY: when,
        NODE_OPTIONS: `--max-old-space-size=150 --require ${preload}`,
      },
    },
  )

describe("a thread that runs out of memory", () => {
  it("fails the run with a message, and what was finished is kept", async () => {
    const { code, stdout, stderr } = await run("half", "finished", 0.1)
    expect(code).toBe(1)
    expect(stdout).toBe("")
    expect(stderr).toMatch(/Replication \d ran out of memory\. Fewer nodes/)
    expect(stderr).toMatch(/Stopped\. [1-5] of 6 replications were finished and are kept/)
    expect(stderr).not.toMatch(stackLine)
    const stored = await Effect.runPromise(
      readRun(join(folder, "half", "results.sqlite")).pipe(Effect.provide(NodeContext.layer)),
    )
    expect(stored.replications.length).toBeGreaterThan(0)
  })

  it("before anything was finished leaves nothing behind", async () => {
    const { code, stdout, stderr } = await run("none", "started", 2)
    expect(code).toBe(1)
    expect(stdout).toBe("")
    expect(stderr).toContain("Replication 0 ran out of memory.")
    expect(stderr).toContain("nothing was kept")
    expect(stderr).not.toMatch(stackLine)
    expect(await readdir(join(folder, "none"))).toEqual([])
  })
})
