import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import { program } from "./evenkeel.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-streams-"))
})
afterAll(() => rm(folder, { recursive: true }))

const shell = (script: string, env: Readonly<Record<string, string>> = {}) =>
  spawnSync("bash", ["-c", script], {
    ...(folder === "" ? {} : { cwd: folder }),
    encoding: "utf8",
    env: { ...process.env, ...env },
  })

const evenkeel = `${quoteForShell(process.execPath)} ${quoteForShell(program)}`
const run = (out: string, more = "--no-report") =>
  `${evenkeel} run quickstart --set horizonDays=0.01 --set fleet.nodes=10 --set demand.requestsPerSecond=0.3 --replications 2 --workers 1 --out ${out} ${more}`
const compare = `${evenkeel} compare quickstart --both horizonDays=0.01 --both fleet.nodes=10 --both demand.requestsPerSecond=0.3 --set fleet.nodes=11 --replications 6 --workers 1 --no-report`

describe("a reader that leaves early", () => {
  it("of stdout ends nothing and shows no trace", async () => {
    const { stdout, stderr } = shell(
      `${compare} --json 2>errors | head -1; echo "\${PIPESTATUS[0]}"; ` +
        `${evenkeel} economy show pooled | true; echo "\${PIPESTATUS[0]}"`,
    )
    expect(stdout).toBe("{\n0\n0\n")
    expect(stderr).toBe("")
    expect(await readFile(join(folder, "errors"), "utf8")).not.toMatch(/EPIPE|^\s+at /m)
  })

  it("of stderr does not cost the run its results", () => {
    const { stdout } = shell(`${run("deaf", "")} 2>&1 >result | true; echo "\${PIPESTATUS[0]}"`)
    expect(stdout).toBe("0\n")
    expect(existsSync(join(folder, "deaf", "results.sqlite"))).toBe(true)
    expect(existsSync(join(folder, "deaf", "report.html"))).toBe(true)
  })
})

describe("a device that takes no more", () => {
  it.skipIf(!existsSync("/dev/full"))("is a failure, told on stderr", () => {
    const { status, stderr } = shell(`${evenkeel} economy list --json >/dev/full`)
    expect(status).toBe(1)
    expect(stderr).toContain("The output could not be written: ENOSPC")
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

const hasScript = shell("script --version").stdout.includes("util-linux")

// `script` of util-linux gives a command a terminal.
describe.skipIf(!hasScript)("on a terminal", () => {
  const onTerminal = (command: string, env: Readonly<Record<string, string>> = {}): string =>
    shell(`script -qec ${quoteForShell(command)} /dev/null </dev/null`, { TERM: "xterm", ...env })
      .stdout

  it("a run draws a bar that fits, and a table with a bold head", () => {
    const shown = onTerminal(`stty cols 60; ${run("bar")}`)
    // Everything up to the sequence that clears the rest of the line.
    const drawn = shown.split("\u001b[K").flatMap((text) => /[█░]+ \d+%.*$/.exec(text) ?? [])
    expect(drawn.length).toBeGreaterThan(1)
    for (const line of drawn) expect(line.length).toBeLessThan(60)
    expect(shown).toContain("\u001b[1mService\u001b[22m")
    expect(shown).toMatch(/^digest {3}[0-9a-f]{16}\r$/m)
  })

  it("a run shows no colours where NO_COLOR asks for none, and the table where the width is unknown", () => {
    const shown = onTerminal(`stty cols 0; ${run("plain")} 2>/dev/null`, { NO_COLOR: "1" })
    expect(shown).not.toContain("\u001b[")
    expect(shown).toMatch(/^ {2}Served +[\d.]+ +%/m)
  })
})
