import { describe, expect, it } from "vitest"
import { drawBelow, openStream, resumeStream } from "../../../engine/core/random.ts"

const draws = (stream: { readonly next: () => number }, n: number) =>
  Array.from({ length: n }, () => stream.next())

describe("a stream", () => {
  it("is the same for the same seed, purpose and entity, and another for any other", () => {
    const names = [
      ["s", "route", 1],
      ["t", "route", 1],
      ["s", "other", 1],
      ["s", "route", 2],
    ] as const
    const first = names.map(([seed, purpose, entity]) =>
      draws(openStream(seed, purpose, entity), 4),
    )
    const again = names.map(([seed, purpose, entity]) =>
      draws(openStream(seed, purpose, entity), 4),
    )
    expect(again).toEqual(first)
    expect(new Set(first.map(String)).size).toBe(names.length)
  })

  it("goes on exactly where its state was saved, through JSON", () => {
    const stream = openStream("s", "route", 1)
    draws(stream, 17)
    const saved = JSON.parse(JSON.stringify(stream.state())) as ReturnType<typeof stream.state>
    const ahead = draws(stream, 50)
    expect(draws(resumeStream(saved), 50)).toEqual(ahead)
    expect(draws(resumeStream(saved), 50)).toEqual(ahead)
  })

  it("draws whole numbers below a bound, evenly", () => {
    const stream = openStream("s", "draw", 0)
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 70_000; i++) {
      const drawn = drawBelow(stream, 7)
      counts[drawn] = (counts[drawn] ?? 0) + 1
    }
    expect(counts).toHaveLength(7)
    // Each count is binomial(70000, 1/7): 6 σ is 556.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(556)
  })

  it("draws 0 below 1", () => {
    expect(drawBelow(openStream("s", "draw", 0), 1)).toBe(0)
  })
})
