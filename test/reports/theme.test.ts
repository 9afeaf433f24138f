import { describe, expect, it } from "vitest"
import { darkPalette, lightPalette, themeConfig } from "../../reports/theme.ts"

type Rgb = readonly [red: number, green: number, blue: number]

const linear = (colour: string): Rgb => {
  const channel = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

/** WCAG 2.1. */
const contrast = (a: string, b: string): number => {
  const luminance = (colour: string): number => {
    const [red, green, blue] = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05)
}

/** Machado, Oliveira and Fernandes (2009), severity 1. */
const visions: Readonly<Record<string, readonly [Rgb, Rgb, Rgb]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** Ottosson's OKLab, of a linear colour. */
const oklab = ([red, green, blue]: Rgb): Rgb => {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

const dot = (a: Rgb, b: Rgb): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

const seen = (colour: string, vision: readonly [Rgb, Rgb, Rgb]): Rgb => {
  const rgb = linear(colour)
  const clip = (value: number): number => Math.min(1, Math.max(0, value))
  return oklab([clip(dot(vision[0], rgb)), clip(dot(vision[1], rgb)), clip(dot(vision[2], rgb))])
}

const distance = (a: Rgb, b: Rgb): number => 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

describe.each([
  ["light", lightPalette, 9.9],
  ["dark", darkPalette, 17],
])("the %s palette", (_, palette, leastDistance) => {
  it("has text of 4.5:1 or more, and marks of 3:1 or more", () => {
    for (const text of [palette.ink, palette.muted]) {
      expect(contrast(text, palette.surface)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(text, palette.shade)).toBeGreaterThanOrEqual(4.5)
    }
    for (const mark of palette.categories) {
      expect(contrast(mark, palette.surface)).toBeGreaterThanOrEqual(3)
    }
  })

  it.each(Object.entries(visions))("keeps its colours apart for %s vision", (_name, vision) => {
    const tooClose = palette.categories.flatMap((first, at) =>
      palette.categories
        .slice(at + 1)
        .filter((second) => distance(seen(first, vision), seen(second, vision)) < leastDistance)
        .map((second) => `${first} and ${second}`),
    )
    expect(tooClose).toEqual([])
  })
})

it("names the same colours in all three modes", () => {
  const shapeOf = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
      : typeof value
  const { padding: _a, ...light } = themeConfig("light")
  const { padding: _b, ...dark } = themeConfig("dark")
  const { padding: _c, ...page } = themeConfig("page")
  expect(shapeOf(dark)).toEqual(shapeOf(light))
  expect(shapeOf(page)).toEqual(shapeOf(light))
})
