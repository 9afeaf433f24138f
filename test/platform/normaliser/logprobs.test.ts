import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { chatLogprobs, completionLogprobs } from "../../../platform/normaliser/logprobs.ts"
import { tokenDialects, tokensOfText } from "./token-dialects.ts"
import { assertProperty } from "../../support/property.ts"

const text = fc
  .array(fc.constantFrom("The", " quick", " größte", " 模型", " 😀", "\n", "a", " ", "(x)"), {
    minLength: 1,
    maxLength: 30,
    size: "small",
  })
  .map((parts) => parts.join(""))

describe("log probabilities", () => {
  it.each(Object.keys(tokenDialects))(
    "pass in order, their tokens written as %s",
    async (dialect) => {
      await assertProperty(
        fc.property(
          text,
          fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
          (said, sizes) => {
            const read = chatLogprobs(0)
            const tokens = tokensOfText(said, sizes, tokenDialects[dialect]!)
            const passed = tokens.flatMap(({ entry, shown }) => {
              const taken = read({ content: [entry] }, shown)
              return (taken?.["content"] as ReadonlyArray<JsonObject> | undefined) ?? []
            })
            expect(passed.map(({ token }) => token)).toEqual(tokens.map(({ entry }) => entry.token))
          },
        ),
      )
    },
  )

  it("are as many alternatives as were asked for, none longer than a token", () => {
    const others = ["b", "", "long ".repeat(7), "c", "d"].map((token) => ({ token, logprob: -1 }))
    const given = { content: [{ token: "a", logprob: -1, bytes: [97], top_logprobs: others }] }
    for (const [asked, tokens] of [
      [undefined, []],
      [0, []],
      [2, ["b", "c"]],
      [20, ["b", "c", "d"]],
    ] as const)
      expect(chatLogprobs(asked)(given, "a")).toMatchObject({
        content: [{ top_logprobs: tokens.map((token) => ({ token })) }],
      })
    const older = {
      tokens: ["a"],
      top_logprobs: [{ b: -2, [`${"b".repeat(33)}`]: -3, a: -1, c: 0 }],
    }
    for (const [asked, alternatives] of [
      [0, { a: -1 }],
      [true, { a: -1, b: -2 }],
      [5, { a: -1, b: -2, c: 0 }],
    ] as const)
      expect(completionLogprobs(asked)(older, "a")?.["top_logprobs"]).toEqual([alternatives])
  })

  it("have no bytes but those of their token", () => {
    const entry = (token: string, bytes: ReadonlyArray<number>) => ({ token, logprob: -1, bytes })
    const others = [entry("b", [98]), entry("c", [...Buffer.from("secret")])]
    const given = { content: [{ ...entry("a", [98]), top_logprobs: others }] }
    expect(chatLogprobs(2)(given, "ab")).toMatchObject({
      content: [{ bytes: null, top_logprobs: [{ bytes: [98] }, { bytes: null }] }],
    })
  })

  it.each([
    ["a token that the answer does not say", ["a", "secret", "b"], ["a", "b"]],
    ["the token of the end", ["a", "b", "<|im_end|>"], ["a", "b"]],
    ["an empty token", ["a", "", "b"], ["a", "b"]],
    ["what is said once", ["a", "a", "b", "b", "token_id:7"], ["a", "b"]],
  ])("are without %s", (_name, tokens, passed) => {
    const content = tokens.map((token) => ({ token, logprob: -1 }))
    const taken = chatLogprobs(0)({ content }, "ab")?.["content"] as ReadonlyArray<JsonObject>
    expect(taken.map(({ token }) => token)).toEqual(passed)
    expect(completionLogprobs(0)({ tokens }, "ab")?.["tokens"]).toEqual(passed)
  })
})
