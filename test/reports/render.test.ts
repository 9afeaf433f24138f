import { describe, expect, it } from "vitest"
import { Resvg } from "@resvg/resvg-js"
import { Effect } from "effect"
import { isMissing } from "../../reports/chart.ts"
import type { Chart } from "../../reports/chart.ts"
import { chartSections } from "../../reports/charts/index.ts"
import { defaultPngOptions, renderPng, renderSvg, requireFont } from "../../reports/render.ts"
import { makeRunResult } from "../support/run-result.ts"

const charts = chartSections(
  makeRunResult({ days: 5, nodes: 40, models: ["small", "</text><script>alert(1)</script>"] }),
)
  .flatMap((section) => section.charts)
  .filter((chart): chart is Chart => !isMissing(chart))

const chartOf = (id: string): Chart => {
  const chart = charts.find((one) => one.id === id)
  if (chart === undefined) throw new Error(`no chart ${id}`)
  return chart
}

const svgOf = (id: string, mode: "light" | "dark" = "light", width = 800): Promise<string> =>
  Effect.runPromise(renderSvg(chartOf(id), { mode, width }))

const hasFont = Effect.runSync(Effect.isSuccess(requireFont()))

describe("an SVG", () => {
  it("has the width asked for, the title in lines that fit, axes and legend", async () => {
    for (const width of [360, 800]) {
      const svg = await svgOf("newcomer", "light", width)
      expect(Number(/width="(\d+)"/.exec(svg)?.[1])).toBeGreaterThan(width - 20)
      expect(Number(/width="(\d+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(width + 1)
      const texts = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map((match) => match[1])
      expect(texts).toContain("days since joining")
      expect(texts).toContain("traffic")
      expect(svg).toContain("In its first week a newcomer")
      // A picture travels without its page: it says itself what its band is.
      expect(texts.join(" ")).toContain("Mean of 5 replications")
    }
    expect((await svgOf("newcomer", "light", 360)).match(/<tspan/g)?.length).toBeGreaterThan(1)
  })

  it("is the same whatever was drawn before, and when many are drawn at once", async () => {
    const alone = await svgOf("coverage")
    await svgOf("demand")
    const many = await Promise.all(
      ["ttft", "coverage", "health", "coverage"].map((id) => svgOf(id)),
    )
    expect(many[1]).toBe(alone)
    expect(many[3]).toBe(alone)
  })

  it("keeps names from becoming markup", async () => {
    const svg = await svgOf("coverage")
    expect(svg).not.toContain("<script")
    expect(svg).toContain("&lt;script&gt;")
  })

  it("has the colours of its theme, and no variable that only a page knows", async () => {
    const [light, dark] = [await svgOf("demand"), await svgOf("demand", "dark")]
    expect(light).toContain("#ffffff")
    expect(dark).toContain("#14171c")
    expect(light + dark).not.toContain("var(")
  })

  it("leaves out what answers a pointer", async () => {
    // The cells by which Vega finds the nearest point are paths as numerous as the points.
    expect((await svgOf("breaker-parks")).match(/<path/g)?.length).toBeLessThan(40)
  })
})

describe("a PNG", () => {
  it.runIf(hasFont)("is one, twice as large as its SVG, and its words can be seen", async () => {
    const svg = await svgOf("demand")
    const png = await Effect.runPromise(renderPng(chartOf("demand"), svg))
    expect(Array.from(png.subarray(0, 8))).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
    const width = new DataView(png.buffer, png.byteOffset).getUint32(16)
    expect(width).toBe(2 * Number(/width="(\d+)"/.exec(svg)?.[1]))
    const inkOf = (font: boolean): number => {
      const image = new Resvg(svg, { font: { loadSystemFonts: font } }).render()
      let ink = 0
      for (const [at, value] of image.pixels.entries()) if (at % 4 === 0 && value < 128) ink += 1
      return ink
    }
    expect(inkOf(true)).toBeGreaterThan(inkOf(false) + 500)
  })

  it("is refused where no font is to be had, and the reason says what to do", async () => {
    const error = await Effect.runPromise(
      Effect.flip(requireFont({ ...defaultPngOptions, systemFonts: false })),
    )
    expect(error._tag).toBe("NoFontError")
    expect(error.message).toMatch(/No font .* Install any TrueType font/)
  })

  it("is an error, not a crash, when the SVG is none", async () => {
    const error = await Effect.runPromise(
      Effect.flip(renderPng(chartOf("demand"), "<svg", defaultPngOptions)),
    )
    expect(error).toMatchObject({ _tag: "RenderError", chart: "demand" })
  })
})
