import { NodeContext } from "@effect/platform-node"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { defaultPngOptions, requireFont, withFont } from "../../reports/render.ts"
import { writeReport } from "../../reports/write-report.ts"
import type { ReportFiles } from "../../reports/write-report.ts"
import { makeRunResult } from "../support/run-result.ts"

let folder: string
let report: ReportFiles

const evil = `</script><script>document.title = "owned"</script>`
const result = makeRunResult({ days: 7, nodes: 50, models: ["one", "two", evil], title: evil })
const hasFont = Effect.runSync(Effect.isSuccess(requireFont()))

const writeTo = (path: string, png?: Parameters<typeof writeReport>[2]): Promise<ReportFiles> =>
  Effect.runPromise(writeReport(result, path, png).pipe(Effect.provide(NodeContext.layer)))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-report-"))
  report = await writeTo(folder)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe("a report on disk", () => {
  it("is a page and a picture or two of every chart, and names each file it wrote", async () => {
    const pictures = await readdir(join(folder, "charts"))
    expect(pictures.filter((name) => name.endsWith(".svg"))).toHaveLength(17)
    expect(pictures.filter((name) => name.endsWith(".png"))).toHaveLength(hasFont ? 17 : 0)
    expect(new Set(report.files)).toEqual(
      new Set([
        join(folder, "report.html"),
        ...pictures.map((name) => join(folder, "charts", name)),
      ]),
    )
    expect(await readdir(folder)).toHaveLength(2)
  })

  it("has a page of less than 2.5 MB", async () => {
    expect((await stat(join(folder, "report.html"))).size).toBeLessThan(2_500_000)
  })

  it("is the same when written again over itself", async () => {
    const before = await readFile(join(folder, "report.html"), "utf8")
    const svg = await readFile(join(folder, "charts", "coverage.svg"), "utf8")
    await writeTo(folder)
    expect(await readFile(join(folder, "report.html"), "utf8")).toBe(before)
    expect(await readFile(join(folder, "charts", "coverage.svg"), "utf8")).toBe(svg)
  })

  it("draws the pictures with a font of its own where the machine has none", async () => {
    const bare = join(folder, "bare")
    const { files } = await writeTo(bare, { zoom: 1, fontFiles: [], systemFonts: false })
    const pictures = files.filter((path) => path.endsWith(".png"))
    expect(pictures).toHaveLength(17)
    const options = await Effect.runPromise(withFont({ ...defaultPngOptions, systemFonts: false }))
    await Effect.runPromise(requireFont(options))
    await rm(bare, { recursive: true })
  })

  it("says which file could not be written", async () => {
    const path = join(folder, "file")
    await writeFile(path, "not a folder")
    const error = await Effect.runPromise(
      writeReport(result, path).pipe(Effect.flip, Effect.provide(NodeContext.layer)),
    )
    expect(error).toMatchObject({ _tag: "ReportError", path: join(path, "report.html") })
    await rm(path)
  })
})

const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
)

describe("in a browser", () => {
  it.skipIf(browser === undefined)(
    `draws every chart, under its own policy (${browser ?? "skipped: no Chromium found"})`,
    async () => {
      const profile = await mkdtemp(join(tmpdir(), "evenkeel-browser-"))
      const { stdout } = await promisify(execFile)(
        browser ?? "",
        [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-background-networking",
          `--user-data-dir=${profile}`,
          "--virtual-time-budget=20000",
          "--dump-dom",
          `file://${join(folder, "report.html")}`,
        ],
        { maxBuffer: 64_000_000 },
      )
      await rm(profile, { recursive: true, force: true })
      expect(stdout).toContain('data-drawn="true"')
      expect(stdout.match(/<svg[^>]*class="marks"/g)).toHaveLength(17)
      const shown = stdout.replaceAll(/<script.*?<\/script>/gs, "")
      expect(shown).not.toContain("could not be drawn")
      // The title is the text of the attack, and not what the attack would have made of it.
      expect(stdout).toContain("<title>&lt;/script&gt;&lt;script&gt;document.title")
      expect(stdout).toContain("var(--category-1)")
    },
  )
})
