import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-cli-"))
})
afterAll(() => rm(folder, { recursive: true }))

const short = [
  "--set=horizonDays=0.02",
  "--set=fleet.nodes=20",
  "--set=demand.requestsPerSecond=0.5",
  "--replications=3",
]
const run = (out: string, ...words: ReadonlyArray<string>) =>
  evenkeelHere(["run", "quickstart", ...short, "--out", join(folder, out), "--json", ...words])

describe("evenkeel quote", () => {
  it("prints the pinned example of the hosting guide", async () => {
    const words = ["quote", "--price-per-token", "0.00012", "--tokens", "1000000", "--json"]
    const { code, stdout } = await evenkeelHere(words)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ gross: "120.00", fee: "14.40", net: "105.60" })
  })

  it("says in dollars what the credits are worth, to the last digit", async () => {
    const words = ["quote", "--price-per-token", "0.00006", "--tokens", "1000001"]
    const { stdout } = await evenkeelHere([...words, "--json"])
    expect(JSON.parse(stdout)).toMatchObject({
      gross: "60.00006",
      grossUsd: "0.06000006",
      feeUsd: "0.007200007",
      netUsd: "0.052800053",
    })
    expect((await evenkeelHere(words)).stdout).toMatch(/^gross +60\.00006 credits +\$0\.06000006 /)
  })

  it.each([
    ["--price-per-token", "-1"],
    ["--price-per-token", "1e-3"],
    ["--price-per-token", "0.0000000000001"],
    ["--tokens", "1.5"],
    ["--tokens", "99999999999999999999"],
    ["--economy", "nowhere"],
  ])("refuses %s %s, saying what is allowed", async (option, value) => {
    const rest = new Map([
      ["--price-per-token", "0.001"],
      ["--tokens", "10"],
    ]).set(option, value)
    const { code, stdout, stderr } = await evenkeelHere(["quote", ...[...rest].flat()])
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(value)
  })
})

describe("evenkeel economy", () => {
  it("lists the economies and shows what differs between two", async () => {
    const listed = await evenkeelHere(["economy", "list", "--json"])
    expect(JSON.parse(listed.stdout)).toMatchObject(
      ["pooled", "hardened", "infrintia", "infrintia-hardened", "aitbc", "aitbc-hardened"].map(
        (name) => ({ name }),
      ),
    )
    const shown = await evenkeelHere(["economy", "show", "hardened", "--diff", "pooled"])
    expect(shown.stdout).toContain("routing.selection = spareLottery")
    expect(shown.stdout).not.toContain("feeBps")
  })
})

describe("evenkeel run", () => {
  it("gives the same digest on one worker and on two, and another for another seed", async () => {
    const one = await run("one", "--seed", "7", "--workers", "1")
    const two = await run("two", "--seed", "7", "--workers", "2")
    const other = await run("other", "--seed", "8", "--workers", "2")
    expect([one.code, two.code, other.code]).toEqual([0, 0, 0])
    const [a, b, c] = [one, two, other].map(({ stdout }) => JSON.parse(stdout))
    expect(b.digest).toBe(a.digest)
    expect(c.digest).not.toBe(a.digest)
    expect(b.metrics).toEqual(a.metrics)
    expect(a).toMatchObject({ seed: "7", replications: 3 })
    expect(a.requests).toBe(a.served + a.badInput + a.rejected)
    expect(a.badInput).toBeGreaterThan(0)
    expect(a.metrics["requests.servedShare"]).toMatchObject({ n: 3 })
    expect(Object.values<{ ok: boolean }>(a.checks).every(({ ok }) => ok)).toBe(true)
    // The command that the results name brings them back.
    const again = await evenkeelHere([...a.command.split(" ").slice(2), "--workers=1", "--json"])
    expect(JSON.parse(again.stdout)).toMatchObject({ digest: a.digest, files: a.files })
  })

  it.each([
    ["economy.feeBps=12%", "economy.feeBps: expected a whole number of basis points"],
    ["economy.nothing=1", "economy.nothing: no such knob; allowed here: name"],
    ["economy.breaker.cooldownSeconds=15 s", "expected a number of seconds above 0"],
    ["demand.requestsPerSecond=-1", "demand.requestsPerSecond: expected a number of requests"],
    ["fleet.nods=5", "fleet.nods: no such setting; allowed here: nodes"],
    ["fleet.nodes=200000", "of memory"],
    ["nonsense", "expected path=value"],
  ])("refuses --set %s", async (assignment, message) => {
    // The most nodes that a scenario may have, for so long that no machine of this size carries them.
    const heavy = ["--set", "churn.joinsPerDay=1e9", "--set", "horizonDays=3660"]
    const rest = assignment.startsWith("fleet.nodes") ? heavy : []
    const out = join(folder, "refused")
    const words = ["run", "quickstart", ...rest, "--set", assignment, "--out", out]
    const { code, stdout, stderr } = await evenkeelHere(words)
    // What is too large for this machine alone could be run on another.
    expect(code).toBe(message === "of memory" ? 1 : 2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
  })

  it("names the line of a broken trace, and a trace that is not there", async () => {
    const trace = join(folder, "trace.csv")
    await writeFile(
      trace,
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\n2023-11-16 18:15:47.00,many,1\n",
    )
    const broken = await evenkeelHere(["run", "trace", "--set", `demand.trace.path=${trace}`])
    expect(broken.code).toBe(2)
    expect(broken.stderr).toContain("line 3")
    expect(broken.stderr).toContain("many")
    const missing = await evenkeelHere(["run", "trace", "--set", `demand.trace.path=${trace}.none`])
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain(`${trace}.none`)
  })
})

describe("stored results", () => {
  beforeAll(() => run("stored", "--workers=1"))

  it("are exported as tidy tables", async () => {
    const { code, stdout } = await evenkeelHere(["export", join(folder, "stored"), "--json"])
    expect(code).toBe(0)
    const files: ReadonlyArray<string> = JSON.parse(stdout).files
    const metrics = files.find((file) => file.endsWith("metrics.csv"))
    expect(await readFile(metrics ?? "", "utf8")).toContain("requests.servedShare")
  })

  it("that were cut short, or are something else, are told apart", async () => {
    const database = join(folder, "stored", "results.sqlite")
    await truncate(database, 5_000)
    const cut = await evenkeelHere(["report", join(folder, "stored")])
    expect(cut.code).toBe(1)
    expect(cut.stderr).toContain("results.sqlite")
    await writeFile(database, "a text of no particular kind ".repeat(100))
    const text = await evenkeelHere(["export", join(folder, "stored")])
    expect(text.code).toBe(1)
    const empty = await evenkeelHere(["report", folder])
    expect(empty.code).toBe(1)
    // The folder is asked for; the file in it is an easy mistake.
    const file = await evenkeelHere(["report", database])
    expect(file.code).toBe(1)
    expect(file.stderr).toContain(`There is no file at ${database}/results.sqlite.`)
  })
})
