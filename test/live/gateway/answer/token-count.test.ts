import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as fc from "fast-check"
import { countTokens as countWhole } from "gpt-tokenizer/encoding/o200k_base"
import { describe, expect, it } from "vitest"
import {
  addText,
  countAll,
  countedTokens,
  countTokens,
  makeCounter,
  roughTokens,
} from "../../../../live/gateway/answer/token-count.ts"
import { assertProperty } from "../../../support/property.ts"

const words = fc.array(
  fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.lorem({ maxCount: 5 })),
  { maxLength: 400 },
)
const texts = fc.oneof(
  words.map((list) => list.join(" ")),
  words.map((list) => list.join("")),
  words.map((list) => list.join("\n\n ")),
)

describe("the count of tokens", () => {
  it("does not depend on how the text is cut into chunks", async () => {
    await assertProperty(
      fc.property(
        texts,
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
        (text, steps) => {
          const counter = makeCounter()
          let at = 0
          for (let step = 0; at < text.length; step++) {
            const size = steps[step % steps.length]!
            addText(counter, text.slice(at, at + size))
            at += size
          }
          expect(countedTokens(counter)).toBe(countTokens(text))
        },
      ),
      { numRuns: 200 },
    )
  })

  it("is the tokenizer's own for texts of words", async () => {
    await assertProperty(
      fc.property(fc.lorem({ maxCount: 500 }), (text) => {
        expect(countTokens(text)).toBe(countWhole(text))
      }),
      { numRuns: 100 },
    )
  })

  it("takes special tokens for text", () => {
    expect(countTokens("<|endoftext|>")).toBeGreaterThan(1)
  })

  it("is bounded in time for words that never end", () => {
    const text = "abcdefghij".repeat(20_000)
    const began = performance.now()
    expect(countTokens(text)).toBeGreaterThan(10_000)
    // Byte pair encoding alone would take ten seconds.
    expect(performance.now() - began).toBeLessThan(2000)
  })

  it("is estimated well enough on the way", () => {
    const counter = makeCounter()
    addText(counter, "The quick brown fox jumps over the lazy dog. ".repeat(30))
    const counted = countedTokens(counter)
    expect(Math.abs(roughTokens(counter) - counted)).toBeLessThan(0.2 * counted)
  })

  it("of a long prompt leaves the others their turn, and stops where it is too long", async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `word${(i * 7919) % 10_007}`).join(" ")
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    const exact = await countAll([text, "and more"], 1_000_000)
    clearInterval(ticking)
    expect(exact).toBe(countTokens(text) + 2)
    expect(turns).toBeGreaterThan(2)
    expect(await countAll([text], 1000)).toBe(1001)
    expect(countAll(["short"], 1000)).toBe(1)
  })

  it("of many long texts at once takes no longer turns than that of one", async () => {
    const long = (seed: number): string =>
      Array.from({ length: 1500 }, (_, n) => ((n + 1) * (seed + 7919)).toString(36)).join(" ")
    let last = performance.now()
    let longest = 0
    let isOver = false
    const watch = (): void => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
      if (!isOver) setImmediate(watch)
    }
    const texts = Array.from({ length: 100 }, (_, seed) => long(seed))
    const one = await countAll([texts[0] ?? ""], 1e6)
    last = performance.now()
    watch()
    const counts = await Promise.all(texts.map((text) => countAll([text], 1e6)))
    isOver = true
    expect(counts[0]).toBe(one)
    // Each by itself would have its 4 ms of every turn.
    expect(longest).toBeLessThan(250)
  })

  it("of a long run without a blank takes no longer than its length", () => {
    const millis = (chars: number): number => {
      const started = performance.now()
      addText(makeCounter(), "模型".repeat(chars / 2))
      return performance.now() - started
    }
    millis(100_000)
    expect(millis(1_600_000)).toBeLessThan(16 * 3 * millis(100_000) + 100)
  })
})

describe("memory", () => {
  /** What is in use once all that nobody holds is collected. */
  const heapBytes = (): number => {
    setFlagsFromString("--expose-gc")
    runInNewContext("gc")()
    return process.memoryUsage().heapUsed
  }
  const oddWord = (seed: number): string =>
    Array.from({ length: 20 }, (_, at) =>
      String.fromCharCode(97 + ((seed * 7 + at * at * 11) % 26)),
    ).join("")

  it("is not kept by one odd word of each long text", () => {
    const texts = 20
    const filler = "the ".repeat(250_000)
    const count = (seed: number) => {
      const counter = makeCounter()
      const text = `${filler}${seed} ${oddWord(seed)}`
      addText(counter, text)
      return countTokens(text) - countedTokens(counter)
    }
    expect(count(0)).toBe(0)
    const before = heapBytes()
    for (let seed = 1; seed <= texts; seed++) expect(count(seed)).toBe(0)
    expect(heapBytes() - before).toBeLessThan(0.2 * texts * filler.length)
  })
})
