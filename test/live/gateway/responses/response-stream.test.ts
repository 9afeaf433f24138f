import * as fc from "fast-check"
import { accumulateResponse } from "openai/lib/responses/ResponseAccumulator"
import type { Response, ResponseStreamEvent } from "openai/resources/responses/responses"
import { describe, expect, it } from "vitest"
import type { ResponsesBody } from "../../../../live/gateway/responses/body.ts"
import type { ResponseEvent } from "../../../../live/gateway/responses/response-stream.ts"
import { makeResponseStream } from "../../../../live/gateway/responses/response-stream.ts"
import { customInput } from "../../../../live/gateway/responses/tools.ts"
import { HttpError } from "../../../../live/http/http-error.ts"
import { assertProperty } from "../../../support/property.ts"

type Chunk = Readonly<Record<string, unknown>>
interface Call {
  readonly index: number
  readonly function: { readonly name?: string; readonly arguments?: string }
}

const envelope = { id: "resp_1", created: 5, model: "small" }
const usage = { promptTokens: 3, completionTokens: 4, cost: 0.000012 }
const broken = new HttpError({
  status: 502,
  type: "server_error",
  code: "upstream_failed",
  message: "broke off",
})
const bodyWith = (more: object = {}): ResponsesBody =>
  ({
    model: "small",
    input: "Hi",
    tools: [{ type: "custom", name: "shell" }],
    ...more,
  }) as unknown as ResponsesBody

const choice = (delta: unknown, more: object = {}): Chunk => ({
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})

const text = fc.string({ maxLength: 6 })
const callDelta = fc.record(
  {
    index: fc.integer({ min: 0, max: 3 }),
    id: fc.constantFrom("call_a", "call_b"),
    type: fc.constant("function"),
    function: fc.record(
      {
        name: fc.constantFrom("weather", "shell"),
        arguments: fc.oneof(text, fc.constantFrom('{"input":', '"ls"}', '{"input":"ls"}')),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["index", "function"] },
)
const logprobs = fc.record({
  content: fc.array(fc.record({ token: text, logprob: fc.constant(-0.5) }), { maxLength: 2 }),
})
/** As a normaliser leaves them. */
const canonical = fc
  .tuple(
    fc.record(
      {
        role: fc.constant("assistant"),
        content: fc.option(text),
        reasoning_content: text,
        refusal: text,
        tool_calls: fc.array(callDelta, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
    fc.option(logprobs),
  )
  .map(([delta, probs]) => choice(delta, { logprobs: probs }))
/** As no normaliser leaves them: nothing may throw. */
const odd = fc.oneof(
  fc.anything().map((delta) => choice(delta)),
  fc
    .dictionary(
      fc.constantFrom("content", "reasoning_content", "refusal", "tool_calls", "function_call"),
      fc.oneof(fc.anything(), fc.array(fc.anything())),
    )
    .map((delta) => choice(delta)),
  fc.record({ choices: fc.anything() }),
  fc.constant({ choices: [], usage: { completion_tokens: 3 } }),
)
const finish = fc
  .constantFrom("stop", "length", "content_filter", "tool_calls", "function_call", "toString")
  .map((finish_reason) => choice({}, { finish_reason }))
const chunks = fc
  .tuple(
    fc.array(fc.oneof({ arbitrary: canonical, weight: 6 }, { arbitrary: odd, weight: 1 }), {
      maxLength: 14,
    }),
    finish,
  )
  .map(([some, last]) => [...some, last])

const body = fc
  .record({
    reasoning: fc.option(fc.record({ summary: fc.option(fc.constant("auto")) })),
    top_logprobs: fc.option(fc.integer({ min: 0, max: 2 })),
  })
  .map(bodyWith)

type End = "served" | "failed"

const run = (given: ReadonlyArray<Chunk>, asked: ResponsesBody, end: End = "served") => {
  const events: Array<ResponseEvent> = []
  const stream = makeResponseStream(envelope, asked, (event) => {
    // As it goes out: what changes later must not show.
    events.push(JSON.parse(JSON.stringify(event)) as ResponseEvent)
  })
  for (const chunk of given) stream.add(chunk)
  const final = end === "served" ? stream.serve(usage) : stream.fail(broken)
  return { events, final: JSON.parse(JSON.stringify(final)) as Response }
}

const fold = (events: ReadonlyArray<ResponseEvent>): Response => {
  let snapshot: Response | undefined
  for (const event of events)
    snapshot = accumulateResponse(event as unknown as ResponseStreamEvent, snapshot)
  return snapshot!
}

/** Follows what a client may rely on; throws at the first event that breaks it. */
const checkGrammar = (events: ReadonlyArray<ResponseEvent>, end: End): void => {
  const open = new Map<number, { id: string; isBare: boolean; part: string | undefined }>()
  let items = 0
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()])
  expect(events.slice(0, 2).map(({ type }) => type)).toEqual([
    "response.created",
    "response.in_progress",
  ])
  const last = events.at(-1)!
  if (end === "failed") expect(events.at(-2)!.type).toBe("error")
  const middle = events.slice(2, end === "failed" ? -2 : -1)
  for (const event of middle) {
    const index = event["output_index"] as number
    if (event.type === "response.output_item.added") {
      expect(index).toBe(items++)
      // Calls may be open together, a text is only the latest.
      for (const { isBare } of open.values()) expect(isBare).toBe(true)
      const { id, type } = event["item"] as { id: string; type: string }
      open.set(index, { id, isBare: type.endsWith("_call"), part: undefined })
      continue
    }
    const item = open.get(index)!
    expect(item).toBeDefined()
    if (event.type === "response.output_item.done") {
      expect((event["item"] as { id: string }).id).toBe(item.id)
      expect(item.part).toBeUndefined()
      open.delete(index)
      continue
    }
    expect(event["item_id"]).toBe(item.id)
    if (item.isBare) {
      expect(event.type).toMatch(/^response\.(function_call_arguments|custom_tool_call_input)\./)
      continue
    }
    const place = String(event["content_index"] ?? `summary ${String(event["summary_index"])}`)
    if (event.type.endsWith("_part.added")) {
      expect(item.part).toBeUndefined()
      item.part = place
      continue
    }
    expect(item.part).toBe(place)
    if (event.type.endsWith("_part.done")) item.part = undefined
  }
  if (end === "served") expect([...open]).toEqual([])
  expect(last.type).toMatch(
    end === "failed" ? /^response\.failed$/ : /^response\.(completed|incomplete)$/,
  )
}

const texts = (events: ReadonlyArray<ResponseEvent>, type: string): string =>
  events
    .filter((event) => event.type === type)
    .map(({ delta }) => delta as string)
    .join("")

describe("the events of a response", () => {
  it("come in the order that clients rely on, whatever the chunks and the end", async () => {
    await assertProperty(
      fc.property(chunks, body, fc.constantFrom<End>("served", "failed"), (given, asked, end) => {
        checkGrammar(run(given, asked, end).events, end)
      }),
      { share: 0.3 },
    )
  })

  it("add up to the response, as the official client adds them up", async () => {
    await assertProperty(
      fc.property(chunks, body, (given, asked) => {
        const { events, final } = run(given, asked)
        expect(fold(events.slice(0, -1)).output).toEqual(final.output)
        const { output_text: _text, ...all } = fold(events)
        expect(all).toEqual(final)
      }),
      { share: 0.3 },
    )
  })

  it("add up to what came, where the response fails", async () => {
    await assertProperty(
      fc.property(chunks, (given) => {
        const { events, final } = run(given, bodyWith(), "failed")
        const undone = fold(events.slice(0, -2)).output.map((item) => ({ ...item, status: "" }))
        expect(undone).toEqual(final.output.map((item) => ({ ...item, status: "" })))
        for (const item of final.output) expect(item).not.toMatchObject({ status: "in_progress" })
      }),
      { share: 0.3 },
    )
  })

  it("hold every text of the chunks, each in its order", async () => {
    await assertProperty(
      fc.property(fc.array(canonical, { maxLength: 14 }), fc.boolean(), (given, isSummary) => {
        const { events } = run(given, bodyWith(isSummary ? { reasoning: { summary: "auto" } } : {}))
        const deltas = given.map(
          ({ choices }) => (choices as ReadonlyArray<{ delta: Chunk }>)[0]!.delta,
        )
        const all = (field: string) =>
          deltas.map((delta) => (delta[field] as string | null) ?? "").join("")
        expect(texts(events, "response.output_text.delta")).toBe(all("content"))
        expect(texts(events, "response.refusal.delta")).toBe(all("refusal"))
        const thoughts = isSummary
          ? "response.reasoning_summary_text.delta"
          : "response.reasoning_text.delta"
        expect(texts(events, thoughts)).toBe(all("reasoning_content"))
      }),
      { share: 0.3 },
    )
  })

  it("hold every call with all of its arguments", async () => {
    await assertProperty(
      fc.property(fc.array(canonical, { maxLength: 14 }), (given) => {
        const expected = new Map<number, { name: string; given: string }>()
        for (const { choices } of given) {
          const { delta } = (choices as ReadonlyArray<{ delta: { tool_calls?: Array<Call> } }>)[0]!
          for (const { index, function: called } of delta.tool_calls ?? []) {
            const known = expected.get(index) ?? { name: "", given: "" }
            known.name ||= called.name ?? ""
            known.given += called.arguments ?? ""
            expected.set(index, known)
          }
        }
        // A tool that takes any text is compared by what its arguments say.
        const inputs = run(given, bodyWith()).final.output.flatMap((item) =>
          item.type === "function_call"
            ? [`${item.name} ${item.arguments}`]
            : item.type === "custom_tool_call"
              ? [`${item.name} ${item.input}`]
              : [],
        )
        expect(inputs.sort()).toEqual(
          [...expected.values()]
            .map(({ name, given: all }) => `${name} ${name === "shell" ? customInput(all) : all}`)
            .sort(),
        )
      }),
      { share: 0.3 },
    )
  })

  it("are the same whoever listens: an answer in one piece is the last of them", async () => {
    await assertProperty(
      fc.property(chunks, body, (given, asked) => {
        const { events, final } = run(given, asked)
        const silent = makeResponseStream(envelope, asked, () => {})
        for (const chunk of given) silent.add(chunk)
        expect(JSON.parse(JSON.stringify(silent.serve(usage)))).toEqual(final)
        expect(events.at(-1)!["response"]).toEqual(final)
      }),
      { share: 0.3 },
    )
  })
})

const outputOf = (...given: ReadonlyArray<Chunk>) => run(given, bodyWith()).final.output

describe("an output", () => {
  const call = (index: number, name: string | undefined, given: string, id?: string) =>
    choice({ tool_calls: [{ index, id, function: { name, arguments: given } }] })

  it("has an item for each kind of what a model does, in the order in which it came", () => {
    expect(
      outputOf(
        choice({ reasoning_content: "Hm" }),
        choice({ content: "A" }),
        choice({ content: "B" }),
        choice({ refusal: "No" }),
        call(0, "weather", "{}", "call_1"),
        choice({}, { finish_reason: "tool_calls" }),
      ),
    ).toMatchObject([
      { type: "reasoning", id: "rs_1_0", content: [{ type: "reasoning_text", text: "Hm" }] },
      {
        type: "message",
        id: "msg_1_1",
        status: "completed",
        content: [
          { type: "output_text", text: "AB", annotations: [] },
          { type: "refusal", refusal: "No" },
        ],
      },
      { type: "function_call", id: "fc_1_2", call_id: "call_1", name: "weather", arguments: "{}" },
    ])
  })

  it("has each call whole, however the parts of several are mixed", () => {
    expect(
      outputOf(
        call(1, "weather", '{"a":', "call_b"),
        call(0, "shell", '{"inp', "call_a"),
        call(1, undefined, "1}"),
        call(0, undefined, 'ut":"ls"}'),
        choice({}, { finish_reason: "tool_calls" }),
      ),
    ).toMatchObject([
      { type: "function_call", call_id: "call_b", arguments: '{"a":1}', status: "completed" },
      { type: "custom_tool_call", call_id: "call_a", input: "ls", status: "completed" },
    ])
  })

  it("gives a call an id where its host gave none, and shows it when its name comes", () => {
    expect(outputOf(call(0, undefined, "{"), call(0, "weather", "}"))).toMatchObject([
      { name: "weather", arguments: "{}", call_id: "call_1_0" },
    ])
  })

  it("takes the input of a custom tool as it is, where a model writes no JSON", () => {
    expect(outputOf(call(0, "shell", "ls -l", "call_1"))).toMatchObject([{ input: "ls -l" }])
  })

  it("is cut only where it was cut", () => {
    const { final } = run(
      [
        choice({ content: "A" }),
        call(0, "weather", "{}", "call_1"),
        call(1, "weather", '{"ci', "call_2"),
        choice({}, { finish_reason: "length" }),
      ],
      bodyWith(),
    )
    expect(final).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ status: "completed" }, { status: "completed" }, { status: "incomplete" }],
    })
  })

  it("is complete, whatever word a host has for its end", () => {
    for (const finish_reason of ["stop", "tool_calls", "toString", 5, null])
      expect(run([choice({ content: "A" }, { finish_reason })], bodyWith()).final).toMatchObject({
        status: "completed",
        incomplete_details: null,
      })
  })

  it("has the log probabilities of its text, and of nothing else", () => {
    const probs = (token: string) => ({
      logprobs: { content: [{ token, logprob: -1, secret: "x" }] },
    })
    const { final, events } = run(
      [
        choice({ reasoning_content: "Hm" }, probs("Hm")),
        choice({ content: "" }, probs("\u00c3")),
        choice({ content: "é" }, probs("\u00a9")),
      ],
      bodyWith({ top_logprobs: 1 }),
    )
    const expected = ["\u00c3", "\u00a9"].map((token) => ({
      token,
      logprob: -1,
      bytes: [],
      top_logprobs: [],
    }))
    expect(final.output[1]).toMatchObject({ content: [{ logprobs: expected }] })
    expect(events.find(({ type }) => type === "response.output_text.delta")).toMatchObject({
      logprobs: expected,
    })
    expect(
      JSON.stringify(run([choice({ content: "A" }, probs("A"))], bodyWith()).final),
    ).not.toContain('logprob"')
  })
})
