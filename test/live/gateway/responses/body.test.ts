import * as fc from "fast-check"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { checkBody } from "../../../../live/gateway/responses/body.ts"
import { PROPERTY_RUNS } from "../../../support/property-runs.ts"

const check = (more: object) =>
  Either.getOrUndefined(Either.flip(checkBody({ model: "small", input: "Hi", ...more })))
const inItem = (item: object) => ({ input: [{ role: "user", content: "Hi" }, item] })
const inPart = (part: object) => ({ input: [{ role: "user", content: [part] }] })

describe("the check of a response's body", () => {
  it.each([
    [{}],
    [{ stream: null, tools: null, previous_response_id: null, background: false }],
    [{ input: [{ role: "user", content: "Hi" }] }],
    [inItem({ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" })],
    [inItem({ type: "function_call_output", call_id: "c", output: [] })],
    [{ tools: [{ type: "function", name: "f", parameters: null, strict: null }] }],
    [{ include: ["reasoning.encrypted_content"], store: true, truncation: "disabled" }],
    [{ top_k: 5, text: {}, reasoning: {} }],
  ])("takes %j", (more) => {
    expect(check(more)).toBeUndefined()
  })

  it.each([
    [{ model: "" }, "model", "name of a model"],
    [{ input: null }, "input", "a text, or a list"],
    [{ input: 5 }, "input", "a text, or a list"],
    [{ input: [] }, "input", "one item or more"],
    [{ input: [5] }, "input.0", "an object"],
    [
      inItem({ type: "web_search_call" }),
      "input.1.type",
      'must be one of "message", "function_call",',
    ],
    [inItem({ type: "item_reference" }), "input.1.id", "missing"],
    [inItem({ role: "tool", content: "x" }), "input.1.role", 'must be one of "user", "assistant",'],
    [inItem({ type: "function_call", name: "f", arguments: "{}" }), "input.1.call_id", "missing"],
    [inItem({ type: "function_call_output", call_id: "c" }), "input.1.output", "missing"],
    [inPart({ type: "text", text: "x" }), "input.0.content.0.type", 'must be one of "input_text",'],
    [inPart({ type: "input_text", text: 5 }), "input.0.content.0.text", "must be a text"],
    [inPart({ type: "input_image", file_id: "f" }), "input.0.content.0.image_url", "no files"],
    [inPart({ type: "input_file", file_url: "x" }), "input.0.content.0.file_data", "no files"],
    [{ instructions: 5 }, "instructions", "a text"],
    [{ tools: [{ type: "mcp" }] }, "tools.0.type", "runs no tools"],
    [{ tools: [{ type: "function", function: { name: "f" } }] }, "tools.0.name", "missing"],
    [{ tool_choice: "any" }, "tool_choice", 'must be "none", "auto", "required", or an object'],
    [{ tool_choice: { type: "web_search" } }, "tool_choice.type", "runs no tools"],
    [
      { text: { format: { type: "xml" } } },
      "text.format.type",
      'must be one of "text", "json_object",',
    ],
    [{ reasoning: { effort: "a lot" } }, "reasoning.effort", 'must be one of "none", "minimal",'],
    [{ max_output_tokens: 0 }, "max_output_tokens", "a whole number from 1"],
    [{ temperature: 3 }, "temperature", "a number from 0 to 2"],
    [{ include: ["all"] }, "include.0", 'must be one of "message.output_text.logprobs",'],
    [{ metadata: { a: 1 } }, "metadata.a", "must be a text"],
    [{ truncation: "auto" }, "truncation", 'must be "disabled"'],
    [{ previous_response_id: "resp_1" }, "previous_response_id", "whole conversation"],
    [{ conversation: { id: "conv_1" } }, "conversation", "whole conversation"],
    [{ prompt: { id: "pmpt_1" } }, "prompt", "stores no prompts"],
    [{ background: true }, "background", "must be false"],
    [{ messages: [] }, "messages", "here it is `input`"],
    [{ max_tokens: 5 }, "max_tokens", "here it is `max_output_tokens`"],
    [{ response_format: {} }, "response_format", "here it is `text.format`"],
    [{ n: 2 }, "n", "one answer"],
  ])("says what is wrong with %j: %s", (more, param, words) => {
    expect(check(more)).toMatchObject({
      status: 400,
      type: "invalid_request_error",
      param,
      message: expect.stringContaining(words),
    })
  })

  it.each([
    "web_search",
    "web_search_preview",
    "file_search",
    "computer_use_preview",
    "code_interpreter",
    "mcp",
    "image_generation",
    "local_shell",
  ])("refuses the hosted tool %s", (type) => {
    expect(check({ tools: [{ type }] })).toMatchObject({ param: "tools.0.type" })
  })

  it("speaks in words, whatever it is given", () => {
    const fields = fc.constantFrom(
      "model",
      "input",
      "instructions",
      "tools",
      "tool_choice",
      "text",
      "reasoning",
      "max_output_tokens",
      "include",
      "metadata",
      "truncation",
    )
    const typed = fc.record({
      type: fc.constantFrom("message", "function_call", "reasoning", "function", "json_schema"),
      content: fc.jsonValue(),
      name: fc.jsonValue(),
      parameters: fc.jsonValue(),
    })
    fc.assert(
      fc.property(
        fc.dictionary(
          fields,
          fc.oneof(fc.jsonValue(), fc.array(typed), fc.record({ format: typed, effort: typed })),
        ),
        (given) => {
          // A message names a key as it was given, and that may hold anything.
          fc.pre(!/"[^"]*\{[^"]*":/.test(JSON.stringify(given)))
          const { message = "" } = check(given) ?? {}
          expect(message).not.toMatch(/ReadonlyArray|readonly|Expected|actual|\{|\bInt\b|undefined/)
        },
      ),
      { numRuns: PROPERTY_RUNS / 5 },
    )
  })
})
