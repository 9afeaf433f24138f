/**
 * The first start of the real gateway, killed with SIGKILL at a random moment of its first seconds: the
 * next one works, and the admin key can be had, whenever that was.
 */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { describe, expect, it, onTestFinished } from "vitest"
import { drawBelow, openStream } from "../../../engine/index.ts"
import { program } from "../../cli/evenkeel.ts"
import { temporaryFolder } from "../support/data-directory.ts"

const kills = Number(
  process.env["EVENKEEL_KILLS"] ?? (process.env["EVENKEEL_LONG"] === "1" ? 500 : 2),
)
const seed = process.env["EVENKEEL_CRASH_SEED"] ?? "first start"
interface Run {
  readonly child: ChildProcess
  readonly out: () => string
  readonly complaint: () => string
  readonly ended: Promise<unknown>
}

const run = (...words: ReadonlyArray<string>): Run => {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] })
  let out = ""
  let complaint = ""
  child.stdout.on("data", (part: Buffer) => (out += part.toString()))
  child.stderr.on("data", (part: Buffer) => (complaint += part.toString()))
  const ended = once(child, "exit")
  onTestFinished(() => void child.kill("SIGKILL"))
  return { child, out: () => out, complaint: () => complaint, ended }
}

const isWhole = (text: string): boolean => text.trimEnd().endsWith("\n}")

/** The document that a start prints, once it is there; fails with what it complains of. */
const documentOf = async ({ child, out, complaint }: Run) => {
  while (!isWhole(out())) {
    if (child.exitCode !== null) throw new Error(`it did not start: ${complaint()}`)
    await pause(20)
  }
  return JSON.parse(out()) as { readonly url: string; readonly adminKey?: string }
}

describe("a first start that is killed", () => {
  it(
    "leaves a directory that starts, and whose admin key can be had",
    async () => {
      const chance = openStream(seed, "kill", 0)
      const folder = temporaryFolder()
      const settings = join(folder, "gateway.yaml")
      writeFileSync(
        settings,
        'log: { level: error }\nlimits: { loopDelayMillis: 0 }\nmodels: [{ name: m, inputPricePerToken: "0.0000001", outputPricePerToken: "0.0000004" }]\n',
      )
      const counts = { shown: 0, atTheSecond: 0, madeAnew: 0 }
      // A busy machine takes longer to start: kills fall on all of it, and a little beyond.
      const began = performance.now()
      const whole = run("serve", "--data", join(folder, "whole"), "--port", "0", "--json")
      await documentOf(whole)
      const longestMillis = Math.ceil(1.3 * (performance.now() - began))
      whole.child.kill("SIGKILL")
      await whole.ended
      for (let kill = 0; kill < kills; kill++) {
        const data = join(folder, `data-${kill}`)
        const words = ["serve", "--data", data, "--port", "0", "--config", settings, "--json"]
        const first = run(...words)
        const millis = drawBelow(chance, longestMillis)
        await pause(millis)
        first.child.kill("SIGKILL")
        await first.ended
        const label = `killed after ${millis} ms, seed ${seed}`
        let key: string | undefined
        if (isWhole(first.out())) {
          key = (await documentOf(first)).adminKey
          counts.shown += 1
        }
        let second = run(...words)
        let shown = await documentOf(second)
        if (key === undefined && shown.adminKey !== undefined) {
          key = shown.adminKey
          counts.atTheSecond += 1
        }
        if (key === undefined) {
          // It was made, and the end came before it was shown.
          second.child.kill("SIGTERM")
          await second.ended
          const anew = run("admin-key", "--data", data, "--json")
          key = (await documentOf(anew)).adminKey
          await anew.ended
          counts.madeAnew += 1
          second = run(...words)
          shown = await documentOf(second)
        }
        const response = await fetch(`${shown.url}/admin/audit`, {
          headers: { authorization: `Bearer ${key}` },
        })
        expect(response.status, label).toBe(200)
        second.child.kill("SIGKILL")
        await second.ended
        expect(existsSync(join(data, "market.head"))).toBe(true)
        rmSync(data, { recursive: true, force: true })
      }
      if (process.env["EVENKEEL_KILLS"] !== undefined) console.log(counts)
    },
    kills * 60_000,
  )
})
