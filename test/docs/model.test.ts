/**
 * docs/model.md speaks of what is there: settings of the scenario, all of them; constants as the code has
 * them; assumptions that are numbered, and say where they come from and what they hide.
 *
 * That its links lead somewhere is seen to by book.test.ts, for every page.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { outcomes, settingsIn } from "../../engine/index.ts"
import { consumerKindNames } from "../../sim/agents/consumer-kinds.ts"
import { strategyNames } from "../../sim/agents/strategies/catalogue.ts"
import { devices } from "../../sim/fleet/devices.ts"
import { models } from "../../sim/fleet/models.ts"
import { Scenario } from "../../sim/scenarios/schema.ts"

const text = readFileSync("docs/model.md", "utf8")
const settings = settingsIn(Scenario).map(({ path }) => path)

/** A path and all that it stands in: `a[].b` stands in `a[]`, `a`. */
const withGroups = (path: string): ReadonlyArray<string> =>
  [...path.matchAll(/\[\]|\.|$/g)].flatMap(({ 0: end, index }) =>
    end === "[]" ? [path.slice(0, index), path.slice(0, index + 2)] : [path.slice(0, index)],
  )

const known = new Set(settings.flatMap(withGroups))
const topLevel = new Set([...known].filter((path) => /^\w+$/.test(path)))

/** What stands in code spans and in formulas. */
const codes = [
  ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code),
  ...text.split("\n").filter((line) => line.startsWith("    ")),
]

/** Settings that the page names: paths that begin with one of the scenario's own. */
const named = new Set([
  ...codes
    .flatMap((code) => code.match(/\b[a-z]\w*(?:\[\])?(?:\.[a-z]\w*(?:\[\])?)+/gi) ?? [])
    .filter((path) => topLevel.has(path.replace(/[.[].*/, ""))),
  ...codes.filter((code) => topLevel.has(code)),
])

/** These, and the groups that they stand in. */
const mentioned = new Set([...named].flatMap(withGroups))

describe("the settings that docs/model.md names", () => {
  it("are there", () => {
    expect([...named].filter((path) => !known.has(path))).toEqual([])
    // A setting without a group looks like any name in code: it is one of these, or a mistake.
    const words = codes.filter((code) => /^[a-z]+(?:[A-Z][a-z]+)+$/.test(code))
    const others: ReadonlyArray<string> = outcomes
    expect(words.filter((word) => !topLevel.has(word) && !others.includes(word))).toEqual([])
  })

  it("are all that a scenario has, but for the knobs of its economy and a profile's own", () => {
    const isElsewhere = (path: string) => /^(economy\.|fleet\.profiles\[\]\.)/.test(path)
    expect(settings.filter((path) => !isElsewhere(path) && !mentioned.has(path))).toEqual([])
  })

  it("leave out no group", () => {
    const groups = new Set(settings.flatMap((path) => withGroups(path).slice(0, -1)))
    // The rules' groups are those of docs/rules.md; an interval is told of with its fellows.
    const isElsewhere = (group: string) => /^economy\.|\.intervals\./.test(group)
    expect([...groups].filter((group) => !isElsewhere(group) && !mentioned.has(group))).toEqual([])
  })
})

describe("the assumptions of docs/model.md", () => {
  /** Chapters of assumptions: their items, each as one line. */
  const items = text
    .split(/^(?=#+ )/m)
    .filter((chapter) => /^#+ What .* assumes?\n/.test(chapter))
    .flatMap((chapter) => chapter.split(/\n(?=- )/).slice(1))
    .map((item) => item.replace(/\s+/g, " ").trim())
  const form = /^- \*\*A(\d+)\*\* (.+?) _Source_: (.+?)\. _Blind to_: (.+)\.$/
  const numbers = items.map((item) => Number(form.exec(item)?.[1]))
  const listed = [...text.matchAll(/^(\d+)\. (?=[^\n]*[“"(A-Z])/gm)]
    .filter(({ index }) => index > text.indexOf("## Sources"))
    .map(([, number]) => Number(number))

  it("have a number each, a source or the word that there is none, and what they are blind to", () => {
    expect(items.length).toBeGreaterThan(50)
    expect(items.filter((item) => !form.test(item))).toEqual([])
    expect(numbers).toEqual(items.map((_, index) => index + 1))
    expect(text).toContain(`numbered, A1 to A${items.length}:`)
    const sources = items.map((item) => form.exec(item)?.[3] ?? "")
    expect(sources.filter((source) => !/^none\b|\[\d+(, \d+)*\]|\b00[0-3]\b/.test(source))).toEqual(
      [],
    )
  })

  it("stand in a chapter of assumptions, all of them", () => {
    expect(text.match(/_Source_:/g)).toHaveLength(items.length)
    expect(text.match(/_Blind to_:/g)).toHaveLength(items.length)
  })

  it("are referred to by numbers that there are, as are sources", () => {
    const referred = [...text.matchAll(/\bA(\d+)\b/g)].map(([, number]) => Number(number))
    expect(referred.filter((number) => !numbers.includes(number))).toEqual([])
    const cited = new Set(
      [...text.matchAll(/\[(\d+(?:, \d+)*)\]/g)].flatMap(([, list = ""]) =>
        list.split(", ").map(Number),
      ),
    )
    expect(listed).toEqual(listed.map((_, index) => index + 1))
    expect([...cited].toSorted((a, b) => a - b)).toEqual(listed)
  })
})

describe("what docs/model.md says of the code", () => {
  it("is in the file that it names, for every constant", () => {
    const rows = [...text.matchAll(/^\| [^|]* \| `([^`]+)` +\| \[[^\]]+\]\(([^)]+)\) +\|$/gm)]
    expect(rows.length).toBeGreaterThan(30)
    const lost = rows.filter(
      ([, code = "", path = ""]) => !readFileSync(join("docs", path), "utf8").includes(code),
    )
    expect(lost.map(([, code, path]) => `${path}: ${code}`)).toEqual([])
  })

  it("counts devices and models, and lists every strategy and kind of consumers", () => {
    expect(text).toContain(`| ${devices.length} devices:`)
    expect(text).toContain(`| ${models.length} models:`)
    const rows = new Set([...text.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, name = ""]) => name))
    expect(strategyNames.filter((name) => !rows.has(name))).toEqual([])
    expect(consumerKindNames.filter((name) => !rows.has(name))).toEqual([])
  })
})
