import { describe, expect, it } from "vitest"
import { evenkeel } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

const shared = ["--both=horizonDays=0.03", "--both=fleet.nodes=40"]
const lines = (...words: ReadonlyArray<string>) => ["select", "quickstart", ...shared, ...words]
const select = (...words: ReadonlyArray<string>) =>
  evenkeelHere(lines(...words, ...(words.includes("--workers") ? [] : ["--workers", "1"])))
const fees = ["--metric", "credits.platformPerDay", "--indifference", "3", "--replications", "4"]
const two = ["--option", "as-is", "--option", "economy.feeBps=600,operators.chaserShare=0"]

describe("evenkeel select", () => {
  it("selects the higher fee, whatever the workers, and says how sure that is", async () => {
    const { code, stdout } = await evenkeel(lines(...fees, ...two, "--json", "--workers", "2"))
    expect(code).toBe(0)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({
      scenario: "quickstart",
      metric: "credits.platformPerDay",
      unit: "credits/d",
      level: 0.95,
      indifference: 3,
      firstStage: 4,
      best: "as-is",
    })
    expect(document.statement).toBe(
      "Selected: as-is. Where one option has the highest credits.platformPerDay by 3 credits/d or more, the procedure selects it with a probability of 95% at least.",
    )
    const [asIs, lower] = document.policies
    expect(asIs).toMatchObject({ name: "as-is", eliminatedAt: null, eliminatedBy: null })
    expect(lower).toMatchObject({ n: lower.eliminatedAt, eliminatedBy: "as-is" })
    expect(lower.mean).toBeLessThan(asIs.mean)
    const again = await evenkeelHere([
      ...document.command.replaceAll("'", "").split(" ").slice(2),
      "--json",
      "--workers",
      "1",
    ])
    const { wallSeconds: _, ...same } = JSON.parse(again.stdout)
    expect(document).toMatchObject(same)
  })

  it("shows a table, and prefers the lowest where it is asked to", async () => {
    const { code, stdout } = await select(...fees, ...two, "--lowest", "--confidence", "90%")
    expect(code).toBe(0)
    expect(stdout).toMatch(/^economy\.feeBps=600,\S+ +\S+ +± \S+ +credits\/d +\d+ +selected$/m)
    expect(stdout).toMatch(/^as-is .* eliminated at \d+ by economy\.feeBps=600/m)
    expect(stdout).toContain("has the lowest credits.platformPerDay")
    expect(stdout).toContain("with a probability of 90% at least")
    expect(stdout).toMatch(/^again +npx evenkeel select quickstart --seed 1 .* --lowest$/m)
  })

  it("says what it would take where the cap comes first", async () => {
    const close = ["--metric=ttft.mean", "--indifference=0.000001", "--replications=3"]
    const options = ["--option=as-is", "--option=fleet.nodes=41", "--max-replications=3"]
    const { code, stdout } = await select(...close, ...options, "--json")
    expect(code).toBe(0)
    const { best, statement, endsBy } = JSON.parse(stdout)
    expect(best).toBeNull()
    expect(statement).toContain("Nothing selected: after 3 replications as-is; fleet.nodes=41 are")
    expect(statement).toContain(`takes ${endsBy} replications at the most`)
  })

  it.each([
    [[...fees, "--option", "as-is"], "--option: must be given at least twice"],
    [[...fees, "--option", "as-is", "--option", "as-is"], "--option as-is: is given twice"],
    [[...fees, ...two, "--option", "seed=4"], "--option seed=4: seed is shared by all options"],
    [[...fees, ...two, "--option", "a=1"], "quickstart with --option a=1 is not a scenario"],
    [[...fees, ...two, "--option", "words"], "--option words is not a scenario that can be run"],
    [[...fees, ...two, "--confidence", "0.95"], "--confidence 0.95: expected a percentage"],
    [[...fees, ...two, "--confidence", "50%"], "above 50% (what a guess among 2 has)"],
    [
      [...fees, ...two, "--max-replications", "3"],
      "--max-replications 3: expected a whole number, 4",
    ],
    [["--metric", "ttft.p9", "--indifference", "1", ...two], "did you mean ttft.p99?"],
    [["--metric", "ttft.p99", "--indifference", "1%", ...two], "expected a plain decimal above 0"],
    [two, "--metric, --indifference: must be given"],
  ])("refuses %j", async (words, message) => {
    const { code, stdout, stderr } = await select(...words)
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
  })

  it("says that nothing was kept when it is interrupted", async () => {
    let isStopped = false
    const words = ["--metric=ttft.mean", "--indifference=0.000001", ...two, "--max-replications=30"]
    const ended = await evenkeel(lines(...words), (child, stderr) => {
      if (isStopped || !stderr().includes("10%")) return
      isStopped = true
      child.kill("SIGINT")
    })
    expect(ended.code).toBe(130)
    expect(ended.stderr).toContain("Stopped: a selection keeps nothing before it is made.")
  })
})
