/**
 * Every command that is printed as “again” is taken by a shell as it stands, and brings the same results.
 * Reports are another matter, and not drawn.
 */
import { spawnSync } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import { program } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel again "))
})
afterAll(() => rm(folder, { recursive: true }))

// What a shell would take for something else.
const seed = "it's $7; a b"
const smallest = ["horizonDays=0.01", "fleet.nodes=10", "demand.requestsPerSecond=0.3"]
const small = [...smallest.map((setting) => `--set=${setting}`), "--workers=1"]
const smallBoth = [...smallest.map((setting) => `--both=${setting}`), "--workers=1"]

/** A command, which of its digests are to come again, and what is added that changes no results. */
type Case = readonly [string, ReadonlyArray<string>, ReadonlyArray<string>, string]
const withoutReport = "--no-report --workers 1"
const commands: ReadonlyArray<Case> = [
  ["run", ["run", "newcomer", ...small, "--replications=2"], ["digest"], withoutReport],
  [
    "run to a precision",
    [
      "run",
      "newcomer",
      ...small,
      "--replications=3",
      "--precision=requests.perSecond=60%",
      "--max-replications=9",
    ],
    ["digest"],
    withoutReport,
  ],
  [
    "run of one replication",
    ["run", "newcomer", ...small, "--replications=3", "--only-replication=2"],
    ["digest"],
    withoutReport,
  ],
  [
    "compare",
    [
      "compare",
      "newcomer",
      ...smallBoth,
      "--set=economy.feeBps=900",
      "--replications=6",
      "--metric=credits.*",
    ],
    ["digestBaseline", "digestVariant"],
    withoutReport,
  ],
  [
    "sweep",
    ["sweep", "newcomer", ...smallBoth, "--vary=economy.feeBps=900,1200", "--replications=2"],
    ["digest"],
    withoutReport,
  ],
  [
    "sensitivity",
    [
      "sensitivity",
      "newcomer",
      ...smallBoth.filter((word) => !word.includes("fleet.nodes")),
      "--vary=fleet.nodes=10..20",
      "--vary=economy.feeBps=0..2000",
      "--metric=requests.servedShare",
      "--samples=2",
    ],
    ["digest"],
    "--workers 1",
  ],
]

describe("the command that brings results again", () => {
  it.each(commands)("of %s runs as it stands", async (name, words, digests, more) => {
    const out = join(folder, name)
    const first = await evenkeelHere([...words, "--seed", seed, "--out", out, "--json"])
    expect(first.stderr).not.toContain("--help says more")
    expect(first.code).toBe(0)
    const document = JSON.parse(first.stdout)
    expect(document.command).toContain("npx evenkeel ")
    expect(document.command).toContain(`--out ${quoteForShell(out)}`)
    const here = [process.execPath, program].map(quoteForShell).join(" ")
    const again = spawnSync(
      "bash",
      ["-c", `${document.command.replace("npx evenkeel", here)} ${more} --json`],
      { encoding: "utf8" },
    )
    expect(again.status, again.stderr).toBe(0)
    const repeated = JSON.parse(again.stdout)
    for (const digest of digests) {
      expect(document[digest]).toMatch(/^[0-9a-f]{16}$/)
      expect(repeated[digest]).toBe(document[digest])
    }
    expect(repeated.command).toBe(document.command)
  })
})
