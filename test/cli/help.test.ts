import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { argumentsOf, optionsOf } from "../../platform/terminal/command.ts"
import { withCommandsBelow } from "../../platform/terminal/command-line.ts"
import { helpText } from "../../platform/terminal/help.ts"
import { evenkeel, stackLine } from "./evenkeel.ts"
import { evenkeelHere, program } from "./program.ts"

const all = await Effect.runPromise(withCommandsBelow(program))
const names = program.command.commands.map(({ name }) => name)

const ofHours = [
  "init",
  "gpu",
  "gpu register",
  "gpu list",
  "gpu update",
  "gpu sla",
  "gpu service",
  "gpu host-model",
  "gpu remove",
  "gpu serve",
  "status",
  "earnings",
  "analytics",
  "suggestions",
  "alerts",
  "rates",
  "book",
  "bookings",
  "confirm",
  "end",
  "dispute",
  "answer",
  "cancel",
  ...["contract", "reservation"].flatMap((kind) =>
    ["", " offer", " list", " accept", " decline", " withdraw"].map((deed) => `${kind}${deed}`),
  ),
  "sla",
  "rate",
  "reputation",
  "swarm",
  "swarm list",
  "swarm join",
  "swarm leave",
  "swarm data",
  "swarm propose",
  "batch",
  "batch submit",
  "batch status",
]

describe("the help of every command", () => {
  it("covers the commands that there are", () => {
    expect(all.map(({ fullName }) => fullName)).toEqual([
      "evenkeel",
      "evenkeel run",
      "evenkeel compare",
      "evenkeel claims",
      "evenkeel select",
      "evenkeel sweep",
      "evenkeel merge",
      "evenkeel sensitivity",
      "evenkeel runs",
      "evenkeel report",
      "evenkeel export",
      "evenkeel scenario",
      "evenkeel scenario schema",
      "evenkeel economy",
      "evenkeel economy list",
      "evenkeel economy show",
      "evenkeel metrics",
      "evenkeel quote",
      "evenkeel validate",
      "evenkeel calibrate",
      "evenkeel coverage",
      "evenkeel demo",
      "evenkeel serve",
      "evenkeel agent",
      ...ofHours.map((name) => `evenkeel ${name}`),
      "evenkeel marketplace",
      ...ofHours.map((name) => `evenkeel marketplace ${name}`),
      "evenkeel replay",
      "evenkeel backup",
      "evenkeel admin-key",
      "evenkeel accept-loss",
    ])
  })

  it.each(all)("$fullName says what each argument and option means", (named) => {
    const { command } = named
    const told = [named, ...argumentsOf(command), ...optionsOf(command)]
    for (const { meaning } of told) expect(meaning).toMatch(/^\S.{8,}[.)]$/)
  })

  it.each(all)("$fullName fits 100 columns and holds no escape sequence", (named) => {
    const { command } = named
    const text = helpText(named)
    expect(text).not.toContain("\u001b")
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100)
    const told = [...command.commands, ...optionsOf(command), ...argumentsOf(command)]
    for (const { name } of [...told, { name: "-h, --help" }]) expect(text).toContain(`  ${name}`)
  })

  it("shows what must be given, and how a whole line looks", () => {
    const usage = (name: string) =>
      all
        .filter(({ fullName }) => fullName === name)
        .map((command) => /^Usage: (.*)$/m.exec(helpText(command))?.[1])
    expect(usage("evenkeel")).toEqual(["evenkeel COMMAND"])
    expect(usage("evenkeel run")).toEqual(["evenkeel run <scenario> [options]"])
    expect(usage("evenkeel quote")).toEqual([
      "evenkeel quote --price-per-token CREDITS --tokens N [options]",
    ])
  })
})

describe("evenkeel", () => {
  it("without words shows its help, and lists every command", async () => {
    const bare = await evenkeel([])
    const asked = await evenkeel(["--help"])
    expect(bare).toEqual(asked)
    expect(bare.code).toBe(0)
    expect(bare.stderr).toBe("")
    const listed = [...bare.stdout.matchAll(/^ {2}([a-z][a-z-]+) {2,}/gm)].map((match) => match[1])
    expect(listed).toEqual(names)
  })

  it("--version prints the version alone", async () => {
    const { code, stdout, stderr } = await evenkeel(["--version"])
    expect(code).toBe(0)
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
    expect(stderr).toBe("")
  })

  it("completes in bash what begins with the letters typed", async () => {
    const { code, stdout } = await evenkeel(["--completions", "bash"])
    expect(code).toBe(0)
    const complete = (...words: ReadonlyArray<string>) =>
      spawnSync("bash", {
        encoding: "utf8",
        input: [
          stdout,
          `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}`,
          `_evenkeel_bash_completions evenkeel; echo "\${COMPREPLY[@]}"`,
        ].join("\n"),
      }).stdout.trim()
    expect(complete("evenkeel", "va")).toBe("validate")
    expect(complete("evenkeel", "run", "--repl")).toBe("--replications --replace")
    expect(complete("evenkeel", "run", "--repli")).toBe("--replications")
  })

  it.each(["zsh", "fish"])("prints completions for %s", async (shell) => {
    const { code, stdout } = await evenkeel(["--completions", shell])
    expect(code).toBe(0)
    for (const word of [...names, "replications", "price-per-token"]) expect(stdout).toContain(word)
  })

  it("refuses with a message and no trace", async () => {
    const { code, stdout, stderr } = await evenkeel(["nonsense"])
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(
      "there is no such command; there are run, compare, claims, select, sweep, merge, sensitivity, runs, report, export",
    )
    expect(stderr).not.toMatch(stackLine)
  })

  it.each([
    [["run", "quickstart", "--nonsense"], "no such option; there are --seed, --replications"],
    // Each of these once ran without the setting that it asks for.
    [["run", "quickstart", "--set"], "--set: a value is missing"],
    [["run", "quickstart", "--SEED", "8"], "--SEED: evenkeel run has no such option"],
    [["run", "quickstart", "--workers", "0"], "--workers 0: expected a whole number, 1 to 256"],
    [["run", "quickstart", "--replications", "1000000000"], "1 to 100000"],
    [
      ["run", "quickstart", "--only-replication", "8"],
      "--only-replication 8: expected a whole number, 0 to 7",
    ],
    [
      ["run", "quickstart", "--only-replication", "1", "--precision", "ttft.p99=1%"],
      "--only-replication 1: goes without --precision",
    ],
    [["run", "quickstart", "--no-report", "--open"], "--open: goes without --no-report"],
    [["compare", "quickstart", "--no-report", "--open"], "--open: goes without --no-report"],
    [["replay", "nowhere", "--replications", "3"], "--replications 3: goes with --economy"],
    [
      ["replay", "nowhere", "--economy", "pooled", "--replications", "1"],
      "--replications 1: expected a whole number, 2 to 1000",
    ],
    [["validate", "--effort", "0"], "--effort 0: expected a plain decimal, 0.001 to 1000"],
  ])("refuses %j", async (words, message) => {
    const { code, stdout, stderr } = await evenkeelHere(words)
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
  })
})
