import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadScenario } from "../../sim/scenarios/load.ts"
import { evenkeel, stackLine } from "./evenkeel.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-hostile-"))
})
afterAll(() => rm(folder, { recursive: true }))

const fileOf = async (text: string | Uint8Array): Promise<string> => {
  const path = join(folder, "scenario.yaml")
  await writeFile(path, text)
  return path
}

const problemOf = async (path: string, assignments: ReadonlyArray<string> = []): Promise<string> =>
  Either.match(
    await Effect.runPromise(
      loadScenario(path, assignments).pipe(Effect.either, Effect.provide(NodeContext.layer)),
    ),
    { onLeft: ({ message }) => message, onRight: () => "is accepted" },
  )

const laughs = [..."abcdefghi"]
  .map((name, index, names) => {
    const below = index === 0 ? '"lol"' : `*${names[index - 1]}`
    return `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(",")}]`
  })
  .join("\n")

describe("a scenario file", () => {
  it.each([
    ["a billion laughs", laughs, "Excessive alias count"],
    ["an alias to what it stands in", "demand: &d\n  sizes: *d\n", "is part of itself"],
    ["a list in itself", "fleet: &f\n  devices: [*f]\n", "is part of itself"],
    ["an alias of nothing", "fleet: *nowhere\n", "nowhere"],
    ["brackets without end", `a: ${"[".repeat(100_000)}`, "line 1"],
    ["ten megabytes", `# ${"x".repeat(10_000_000)}\nname: big\n`, "larger than 1000000 bytes"],
    ["a key of the prototype", "__proto__: { polluted: 1 }\n", "__proto__: no such setting"],
    ["one deeper", "fleet: { __proto__: { nodes: 3 } }\n", "fleet.__proto__: no such setting"],
    ["names of methods", "constructor: 1\ntoString: 2\n", "toString: no such setting"],
    ["keys that are lists", "? [a, b]\n: 3\n", "line 1"],
    ["a tag to be run", "name: !!js/function 'x'\n", "Unresolved tag"],
    ["two documents", "name: a\n---\nname: b\n", "line 2, column 1: a second document begins"],
    ["a key twice", "name: a\nname: b\n", "line 2"],
    ["nothing", "", "expected settings"],
    ["a list", "- name\n", "expected settings"],
    ["bytes that are no text", Uint8Array.from({ length: 2_000 }, (_, i) => (i * 89) % 256), ""],
    ["itself as its base", "extends: scenario.yaml\n", "extends itself"],
    ["a base that is not there", "extends: nowhere\n", "nowhere, which"],
    ["a base that is no name", "extends: [quickstart]\n", "expected a scenario's name"],
  ])("with %s is refused", async (_, text, message) => {
    const problem = await problemOf(await fileOf(text))
    expect(problem).toContain("scenario that can be run")
    expect(problem).toContain(message)
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false)
  })

  it("that is a folder, a device or nothing at all is refused", async () => {
    await mkdir(join(folder, "folder"))
    expect(await problemOf(join(folder, "folder"))).toContain("is not a file")
    expect(await problemOf("/dev/zero")).toContain("is not a file")
    expect(await problemOf(join(folder, "none.yaml"))).toContain("no such file")
  })

  it("may use an alias for what is the same twice", async () => {
    const text = "demand: { daily: &share 0.5, weekly: *share }\n"
    expect(await problemOf(await fileOf(text))).toBe("is accepted")
  })

  it("is checked together with --set, which may use aliases too", async () => {
    expect(await problemOf("quickstart", ["horizonDays=&a [*a]"])).toContain(
      "horizonDays.0: is part of itself",
    )
    for (const path of ["__proto__.x=1", "fleet.__proto__=1"])
      expect(await problemOf("quickstart", [path])).toContain("expected path=value")
  })
})

describe("--set", () => {
  it("may replace a group and then set what is in it, but not the other way round", async () => {
    const group = "economy=hardened"
    const inside = "economy.feeBps=1000"
    expect(await problemOf("quickstart", [group, inside])).toBe("is accepted")
    // The fee was once given back to the preset without a word.
    expect(await problemOf("quickstart", [inside, group])).toContain(
      "--set economy=hardened is not a scenario that can be run:\n  would undo --set economy.feeBps=1000",
    )
  })
})

describe("a scenario's name and title", () => {
  const run = (scenario: string, cwd: string) =>
    evenkeel(["run", scenario, "--set", "horizonDays=0.002", "--replications", "1"], () => {}, {
      cwd,
    })

  it("leads nowhere but below out/, and shows as text", async () => {
    const cwd = join(folder, "work")
    await mkdir(cwd)
    const scenario = await fileOf(
      'name: "../../\\e[31mx\\e]0;owned\\a <script>alert(1)</script>"\ntitle: "<script>alert(2)</script>\\e[2J"\n',
    )
    const before = await readdir(folder)
    const { code, stdout, stderr } = await run(scenario, cwd)
    expect(code).toBe(0)
    expect(`${stdout}${stderr}`.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u)
    expect(await readdir(cwd)).toEqual(["out"])
    expect(await readdir(folder)).toEqual(before)
    const [own = ""] = await readdir(join(cwd, "out"))
    expect(own).toMatch(/^31mx-0-owned-script/)
    expect(stdout).toContain(`out/${own}/results.sqlite`)
    const page = await readFile(join(cwd, "out", own, "report.html"), "utf8")
    expect(page).toContain("alert(2)")
    expect(page).not.toMatch(/<script>alert/)
  })

  it("that a message repeats are spelled out as well", async () => {
    const { code, stderr } = await run("no\u001b[2Jsuch\u0007", folder)
    expect(code).toBe(2)
    expect(stderr).toContain("no\\u001b[2Jsuch\\u0007 is not a scenario")
    expect(stderr).not.toMatch(stackLine)
  })
})

describe("a message", () => {
  it("on ten thousand mistakes names the first ones", async () => {
    const settings = Array.from({ length: 10_000 }, (_, i) => `  k${i}: ${i}`)
    const scenario = await fileOf(`demand:\n${settings.join("\n")}\n`)
    const { code, stderr } = await evenkeel(["run", scenario])
    expect(code).toBe(2)
    expect(stderr.split("\n").length).toBeLessThan(50)
    expect(stderr).toMatch(/… and \d+ lines more/)
  })
})
