/**
 * docs/mapping.md has a row for each thing that the sources say, and what each names is there: tests, commands,
 * methods, routes, claims. That its links lead somewhere, book.test.ts looks after.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { ComputeClient, ComputeProvider, HostAgent } from "../../live/client.ts"
import { commandsWith } from "../../commands.ts"
import type { Command } from "../../platform/terminal/command.ts"
import { awaited, guideMethods } from "./guide.ts"

const page = readFileSync("docs/mapping.md", "utf8")
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\| (it says|-)/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
const shown = rows.map(([, , cell = ""]) => cell)
const named = (pattern: RegExp): ReadonlyArray<string> =>
  shown.flatMap((cell) => [...cell.matchAll(pattern)].map(([, name = ""]) => name))
const sourcesOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n")

it("every row of the mapping says what, where, and what shows it", () => {
  expect(rows.length).toBeGreaterThan(120)
  for (const row of rows) expect(row, row[0]).toHaveLength(3)
  expect(rows.filter((row) => row.some((cell) => cell === ""))).toEqual([])
  const proof = /\]\([^)]+\)|`test\/|`evenkeel |`Compute|`HostAgent|`(GET|POST|PUT) |claim `/
  expect(rows.filter(([, , cell = ""]) => !proof.test(cell))).toEqual([])
})

it("the tests that the mapping names are there", () => {
  const tests = named(/`(test\/[^`]+)`/g)
  expect(tests.length).toBeGreaterThan(30)
  expect(tests.filter((path) => !existsSync(path))).toEqual([])
})

it("the methods that the mapping names are there, and every method of the guide is among them", () => {
  const classes = { ComputeProvider, ComputeClient, HostAgent }
  const methods = named(/`((?:ComputeProvider|ComputeClient|HostAgent)\.\w+)`/g)
  const missing = methods.filter((method) => {
    const [owner = "", name = ""] = method.split(".")
    const made = classes[owner as keyof typeof classes]
    // An id is a field, which no prototype has.
    return !(name in made.prototype || name in made || name === "id" || awaited.includes(name))
  })
  expect(missing).toEqual([])
  const named003 = new Set(methods.map((method) => method.split(".")[1]))
  expect([...guideMethods, ...awaited].filter((method) => !named003.has(method))).toEqual([])
  // What is there is not awaited any more: the list shrinks with the work.
  expect(awaited.filter((method) => method in ComputeProvider.prototype)).toEqual([])
})

it("the commands that the mapping names are there", async () => {
  const nothing = undefined as never
  const root: Command<unknown, unknown> = commandsWith({
    run: nothing,
    compare: nothing,
    runs: nothing,
    claims: nothing,
    sweep: nothing,
    sensitivity: nothing,
  })
  const findsIn = async (words: ReadonlyArray<string>): Promise<boolean> => {
    let at = root
    for (const word of words) {
      const next = at.commands.find(({ name }) => name === word)
      if (next === undefined) return false
      at = await next.load()
    }
    return true
  }
  const commands = named(/`evenkeel ([a-z][a-z -]*)`/g)
  expect(commands.length).toBeGreaterThan(20)
  const missing: Array<string> = []
  for (const command of commands) if (!(await findsIn(command.split(" ")))) missing.push(command)
  expect(missing).toEqual([])
})

it("the routes that the mapping names are there", () => {
  const live = sourcesOf("live")
  const routes = named(/`(?:GET|POST|PUT) (\/[^`]+)`/g)
  expect(routes.length).toBeGreaterThan(5)
  expect(routes.filter((route) => !live.includes(`"${route}"`))).toEqual([])
})

it("the claims that the mapping names are in the catalogue", () => {
  const catalogue = sourcesOf("sim/claims")
  const claims = named(/claim `([^`]+)`/g)
  expect(claims.length).toBeGreaterThan(20)
  expect(claims.filter((claim) => !catalogue.includes(`id: "${claim}"`))).toEqual([])
})
