/**
 * The book (docs/rules.md, determinism.md, glossary.md) speaks of what is there: files, knobs and their
 * values, outcomes, reasons, and the headings that code and pages link to.
 */
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, normalize } from "node:path"
import { describe, expect, it } from "vitest"
import { economies, eligibilityReasons, knobRows, outcomes } from "../../engine/index.ts"
import { verdictOf } from "../../engine/rules/outcome.ts"

const rooms = [
  "engine",
  "platform",
  "schedules",
  "sim",
  "live",
  "reports",
  "test",
  "docs",
  "examples",
  "scripts",
]
const files = [
  ...readdirSync(".", { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name),
  ...rooms.flatMap((room) =>
    readdirSync(room, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  ),
]
const names = new Set(files.map((path) => basename(path)))
const textOf = (path: string) => readFileSync(path, "utf8")
const book = ["docs/rules.md", "docs/determinism.md", "docs/glossary.md", "docs/model.md"]

const codeIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code)

/** Rows of the page's tables, cell by cell. */
const rowsIn = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )

const plain = (cell: string): string => cell.replaceAll("`", "")

describe("the book", () => {
  it.each(book)("%s names no file that is not there", (page) => {
    const named = codeIn(textOf(page)).filter((code) => /^[\w./-]+\.(ts|js|cjs|json)$/.test(code))
    expect(named.filter((code) => !names.has(basename(code)))).toEqual([])
  })

  it("numbers every invariant once, in order", () => {
    const [, section = ""] = textOf("docs/rules.md").split("\n## Invariants\n")
    const numbers = rowsIn(section).flatMap(([first = ""]) =>
      /^\d+$/.test(first) ? [Number(first)] : [],
    )
    expect(numbers.length).toBeGreaterThan(40)
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  })

  it("names every knob, none that is not there, and the values that they have", () => {
    const valueOf = (economy: string, path: string): string | undefined => {
      const row = knobRows(economies[economy]!).find((one) => one.path === path)
      return row === undefined ? undefined : String(row.value)
    }
    const text = textOf("docs/rules.md")
    const paths = knobRows(economies["pooled"]!).map(({ path }) => path)
    expect(paths.filter((path) => !text.includes(`\`${path}\``))).toEqual([])
    // The head of a table of knobs names the economies whose values stand below it.
    let columns: ReadonlyArray<string> = []
    for (const [first = "", ...cells] of rowsIn(text)) {
      if (first === "knob") columns = cells.map(plain)
      if (!/^`(feeBps|[a-z]+\.[a-zA-Z]+)`$/.test(first)) continue
      const path = plain(first)
      expect(paths, path).toContain(path)
      // A table of tiers has no short form.
      if (path === "trust.tiers" || path === "sla.tiers") continue
      for (const [column, economy] of columns.entries())
        if (economy in economies)
          expect(plain(cells[column] ?? ""), `${economy} ${path}`).toBe(valueOf(economy, path))
    }
  })

  it("lists every outcome with its verdict, and every reason of eligibility in order", () => {
    const rows = rowsIn(textOf("docs/rules.md"))
    for (const outcome of outcomes)
      expect(rows.find(([first]) => first === `\`${outcome}\``)?.[2], outcome).toBe(
        verdictOf[outcome],
      )
    const reasons = rows
      .map(([first = ""]) => plain(first))
      .filter((first) => (eligibilityReasons as ReadonlyArray<string>).includes(first))
    expect(reasons).toEqual(eligibilityReasons.filter((reason) => reason !== "Eligible"))
  })
})

/** How GitHub names a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-")

const anchorsIn = (page: string): ReadonlySet<string> => {
  const text = textOf(page)
  return new Set([
    ...[...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading)),
    ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = ""]) => id),
  ])
}

describe("links into the documentation", () => {
  it("that code makes lead to a heading that is there", () => {
    const links = files
      .filter((path) => /\.(ts|js|mjs|cjs)$/.test(path) && path !== "test/docs/book.test.ts")
      .flatMap((path) =>
        [...textOf(path).matchAll(/(docs\/[\w/-]+\.md)#([\w-]+)/g)].map(
          ([, page = "", anchor = ""]) => ({ path, page, anchor }),
        ),
      )
    expect(links.length).toBeGreaterThan(0)
    expect(
      links.filter(({ page, anchor }) => !files.includes(page) || !anchorsIn(page).has(anchor)),
    ).toEqual([])
  })

  it("that pages make lead to a file and a heading that are there", () => {
    const pages = files.filter((path) => path.endsWith(".md"))
    const lost = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)/g)]
        .map(([link, path = "", anchor]) => ({
          page,
          link,
          target: path === "" ? page : normalize(join(dirname(page), path)),
          anchor,
        }))
        .filter(({ target, anchor }) =>
          target.endsWith(".md")
            ? !files.includes(target) || (anchor !== undefined && !anchorsIn(target).has(anchor))
            : !files.some((file) => file === target || file.startsWith(`${target}/`)),
        )
        .map(({ link }) => `${page}: ${link}`),
    )
    expect(lost).toEqual([])
  })
})
