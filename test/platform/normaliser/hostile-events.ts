/** Events that a host may write which means no good: anything in any field. */
import * as fc from "fast-check"

const any = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 12, size: "small" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("a few words of text", "", " ", "{}", '{"a":1}', "{", "]"),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, 0, -1, 1.5, true, [], {}) },
)
const optional = { requiredKeys: [] }
const index = fc.constantFrom(0, 1, 2, 7, -1, "0", "x", null, 1e300, undefined)
const id = fc.constantFrom("a", "b", "", null, 5, "long ".repeat(60), undefined)
const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom("f", "g", "") }, any)
const called = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name, arguments: any, input: any, more: any }, optional) },
  any,
)
const toolCall = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      {
        index,
        id,
        type: fc.oneof(fc.constantFrom("function", "custom"), any),
        function: called,
        custom: called,
        name,
        arguments: any,
        more: any,
      },
      optional,
    ),
  },
  any,
)
const part = fc.oneof(
  any,
  fc.record(
    {
      type: fc.constantFrom("text", "thinking", "reasoning.text", "refusal", "image_url", "x"),
      text: any,
      thinking: any,
      refusal: any,
      summary: any,
    },
    optional,
  ),
)
const content = fc.oneof(any, part, fc.array(part, { maxLength: 3 }))

const delta = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        role: any,
        content,
        reasoning_content: content,
        reasoning: content,
        reasoning_details: content,
        thinking_blocks: content,
        refusal: any,
        audio: fc.oneof(any, fc.record({ id: any, transcript: any, data: any }, optional)),
        function_call: called,
        tool_calls: fc.oneof(any, fc.array(toolCall, { maxLength: 3 })),
        annotations: any,
        anything: any,
      },
      optional,
    ),
  },
  any,
)

const candidate = fc.record(
  {
    token: fc.oneof(
      fc.constantFrom("a", " few", "words", " of", "token_id:5", "▁a", "<0x61>", "long ".repeat(7)),
      any,
    ),
    logprob: any,
    bytes: fc.oneof(fc.constant([97]), any, fc.array(fc.nat(255), { maxLength: 9 })),
  },
  optional,
)
const logprobs = fc.oneof(
  any,
  fc.record(
    {
      content: fc.array(
        fc
          .tuple(candidate, fc.array(candidate, { maxLength: 4 }))
          .map(([chosen, top_logprobs]) => ({ ...chosen, top_logprobs })),
        { maxLength: 3 },
      ),
      refusal: any,
      tokens: fc.array(any, { maxLength: 3 }),
      anything: any,
    },
    optional,
  ),
)

const choice = fc.record(
  {
    index: fc.constantFrom(0, 0, 0, undefined, "0", 1),
    delta,
    message: delta,
    text: any,
    logprobs,
    finish_reason: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(null, "", undefined) },
      { weight: 1, arbitrary: any },
    ),
    anything: any,
  },
  optional,
)

const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      { choices: fc.array(choice, { minLength: 1, maxLength: 2 }), usage: any, more: any },
      { requiredKeys: ["choices"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.string({ maxLength: 5 }), any, { noNullPrototype: true }),
  },
)

/** Some events and, mostly, an end. */
export const hostileEvents = fc
  .tuple(
    fc.array(event, { maxLength: 6 }),
    fc.constantFrom<ReadonlyArray<object>>(
      [{ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }],
      [{ choices: [{ index: 0, finish_reason: "tool_calls" }] }],
      [{ choices: [{ delta: null, finish_reason: "what nobody knows" }] }],
      [{ choices: [{ index: 0, delta: {}, finish_reason: "abort" }] }],
      [],
    ),
  )
  .map(([events, end]) => [...events, ...end])
