/**
 * What a host means, and the many ways in which servers write it down: a generator of answers of which it
 * is known what a reader must make of them.
 */
import * as fc from "fast-check"

export interface MeantCall {
  readonly id: string
  readonly name: string
  readonly args: string
}

export interface Meaning {
  readonly content: string
  readonly reasoning: string
  readonly calls: ReadonlyArray<MeantCall>
  readonly finish: "stop" | "length" | "tool_calls" | "content_filter"
}

export interface Rendered {
  readonly meaning: Meaning
  /** The body of the answer, cut as the network may cut it. */
  readonly parts: ReadonlyArray<Buffer>
  /** Whether the consumer can be told the ids that the host has in mind. */
  readonly hasIds: boolean
  readonly text: string
}

type Json = Readonly<Record<string, unknown>>

const word = fc.constantFrom("read", "write", "look_up", "f")
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30, size: "small" }),
  fc.constantFrom("Hello there", "a\nb\r\n", "é😀", '{"a":1}', "[DONE]", "data: x", "\ud83d", "0"),
)
// The AI SDK takes no arguments that would set a prototype, whoever writes them.
const isSafeToParse = (json: string): boolean => !/"(?:__proto__|constructor)":/.test(json)
const args = fc
  .dictionary(fc.constantFrom("path", "n", 'q"', "deep"), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 3,
    noNullPrototype: true,
  })
  .map((value) => JSON.stringify(value))
  .filter(isSafeToParse)

const meaning: fc.Arbitrary<Meaning> = fc
  .record({
    content: text,
    reasoning: fc.oneof(fc.constant(""), text),
    calls: fc.array(fc.record({ name: word, args }), { maxLength: 3 }),
    finish: fc.constantFrom("stop", "length", "content_filter"),
  })
  .map(({ calls, finish, ...texts }) => ({
    ...texts,
    calls: calls.map((call, at) => ({ ...call, id: `call_${at}${"abc".charAt(at)}` })),
    finish: calls.length > 0 ? "tool_calls" : finish,
  }))

const finishWords = {
  stop: ["stop", "eos", "eos_token", "stop_sequence", "end_turn", "STOP", "something_new"],
  length: ["length", "max_tokens", "MAX_TOKENS", "max_new_tokens", "model_length"],
  tool_calls: ["tool_calls", "tool_use", "tool-calls"],
  content_filter: ["content_filter", "SAFETY", "content-filter"],
} as const

/** How a server writes tool calls down; `distinct`: pieces of several calls may come in any order. */
const callStyles = {
  proper: { index: "own", id: "first", name: "first", isDistinct: true },
  "no index": { index: "none", id: "first", name: "first", isDistinct: false },
  "index null": { index: "null", id: "first", name: "first", isDistinct: false },
  "index 0 for all": { index: "zero", id: "first", name: "first", isDistinct: false },
  "index 0 for all, ids always": { index: "zero", id: "always", name: "first", isDistinct: true },
  "no index, ids always": { index: "none", id: "always", name: "always", isDistinct: true },
  "all of it in every chunk": { index: "own", id: "always", name: "always", isDistinct: true },
  "no ids": { index: "own", id: "never", name: "first", isDistinct: true },
  "no ids, names always": { index: "own", id: "never", name: "always", isDistinct: true },
  "neither ids nor indices": { index: "none", id: "never", name: "always", isDistinct: false },
  "another id in every chunk": { index: "own", id: "fresh", name: "first", isDistinct: true },
} as const

const style = fc.record({
  role: fc.constantFrom(undefined, "", null, "model", "assistant"),
  isRoleRepeated: fc.boolean(),
  content: fc.constantFrom("text", "parts", "part", "strings"),
  reasoning: fc.constantFrom(
    "reasoning_content",
    "reasoning",
    "both",
    "thinking part",
    "reasoning_details",
    "thinking_blocks",
  ),
  delta: fc.constantFrom("delta", "delta", "delta", "message", "text"),
  choiceIndex: fc.constantFrom(0, undefined, null, "0"),
  goingOn: fc.constantFrom(undefined, null, "", "null"),
  end: fc.constantFrom("with the last", "own chunk", "delta null", "no delta"),
  finishWord: fc.nat(20),
  calls: fc.constantFrom(...(Object.keys(callStyles) as Array<keyof typeof callStyles>)),
  areArgsObjects: fc.boolean(),
  arePlaceholders: fc.boolean(),
  isFlat: fc.boolean(),
  type: fc.constantFrom("function", undefined, null, ""),
  isInterleaved: fc.boolean(),
  isOneList: fc.boolean(),
  more: fc.constantFrom<Json>(
    {},
    { error: null },
    { usage: null },
    { error: "", id: null, system_fingerprint: 5 },
  ),
  noise: fc.array(
    fc.constantFrom(
      ": ping\n\n",
      'event: ping\ndata: {"type": "ping"}\n\n',
      "event: ping\ndata: pong\n\n",
      'data: {"id": "x"}\n\n',
      'data: {"choices": null}\n\n',
      'data: {"choices": []}\n\n',
      'data: {"choices": [{"index": 1, "delta": {"content": "another"}, "finish_reason": "stop"}]}\n\n',
      'data: {"choices": [{"index": 0, "delta": {}}]}\n\n',
      'data: {"choices": [{"index": 0, "delta": {"content": null, "tool_calls": null, "refusal": null}}]}\n\n',
      "data:\n\n",
      "retry: 10\nid: 7\n\n",
    ),
    { maxLength: 4 },
  ),
  tail: fc.constantFrom(
    "data: [DONE]\n\n",
    "data: [DONE] \n\n",
    "",
    "unended",
    "unended line",
    'data: {"type": "metrics"}\n\ndata: bye\n\ndata: [DONE]\n\n',
    'data: {"error": {"message": "too late", "code": 500}}\n\n',
    'data: {"choices": [{"index": 0, "delta": {"content": "late"}}]}\n\ndata: [DONE]\n\ndata: [DONE]\n\n',
    'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}\n\ndata: [DONE]\n\n',
  ),
  lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
  hasBlank: fc.boolean(),
  hasMark: fc.boolean(),
  isWhole: fc.constantFrom(false, false, false, true),
  cuts: fc.array(fc.nat(), { maxLength: 12, size: "small" }),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
})
type Style = typeof style extends fc.Arbitrary<infer S> ? S : never

/** A text in pieces of these sizes, over and over. */
const pieces = (whole: string, sizes: ReadonlyArray<number>): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (let at = 0, turn = 0; at < whole.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    out.push(whole.slice(at, at + size))
    at += size
  }
  return out
}

const contentIn = (style: Style, part: string): unknown => {
  switch (style.content) {
    case "text":
      return part
    case "parts":
      return [{ type: "text", text: part }]
    case "part":
      return { type: "output_text", text: part }
    case "strings":
      return [part.slice(0, 2), part.slice(2)]
  }
}

const reasoningIn = (style: Style, part: string): Json => {
  switch (style.reasoning) {
    case "both":
      return { reasoning: part, reasoning_content: part }
    case "thinking part":
      return { content: [{ type: "thinking", thinking: [{ type: "text", text: part }] }] }
    case "reasoning_details":
      return {
        reasoning_details: [
          { type: "reasoning.text", text: part, signature: "s" },
          { type: "reasoning.encrypted", data: "hidden" },
        ],
      }
    case "thinking_blocks":
      return { thinking_blocks: [{ type: "thinking", thinking: part, signature: "s" }] }
    default:
      return { [style.reasoning]: part }
  }
}

interface Piece {
  readonly call: number
  readonly isFirst: boolean
  readonly args: unknown
}

/** The pieces of all calls, in an order that the style can be understood in. */
const callPieces = ({ calls }: Meaning, given: Style): ReadonlyArray<Piece> => {
  const { isDistinct, id, name } = callStyles[given.calls]
  // Where every piece looks like a new call, empty arguments are a call's own.
  const isTellingPieces = name === "first" && id !== "fresh"
  const byCall = calls.map((call, at): ReadonlyArray<Piece> => {
    if (given.areArgsObjects) return [{ call: at, isFirst: true, args: JSON.parse(call.args) }]
    const placeholder = given.arePlaceholders && isTellingPieces ? ["{}"] : []
    return [...placeholder, ...pieces(call.args, given.sizes)].map((part, place) => ({
      call: at,
      isFirst: place === 0,
      args: part,
    }))
  })
  if (!given.isInterleaved || !isDistinct) return byCall.flat()
  const longest = Math.max(0, ...byCall.map(({ length }) => length))
  return Array.from({ length: longest }, (_, place) =>
    byCall.flatMap((one) => one.slice(place, place + 1)),
  ).flat()
}

const entryOf = ({ calls }: Meaning, given: Style, piece: Piece, at: number): Json => {
  const { index, id, name } = callStyles[given.calls]
  const call = calls[piece.call]
  const isNamed = name === "always" || piece.isFirst
  const fields = {
    ...(isNamed ? { name: call?.name } : {}),
    arguments: piece.args,
  }
  return {
    ...(index === "own" ? { index: piece.call } : {}),
    ...(index === "zero" ? { index: 0 } : {}),
    ...(index === "null" ? { index: null } : {}),
    ...(id === "always" || (id === "first" && piece.isFirst) ? { id: call?.id } : {}),
    ...(id === "fresh" ? { id: piece.isFirst ? call?.id : `fresh_${at}` } : {}),
    ...(given.type === undefined ? {} : { type: given.type }),
    ...(given.isFlat ? fields : { function: fields }),
  }
}

const deltasOf = (meant: Meaning, given: Style): ReadonlyArray<Json> => {
  const entries = callPieces(meant, given).map((piece, at) => entryOf(meant, given, piece, at))
  // Without anything that tells calls apart, a list is told from pieces by its length.
  const isOneList = given.isOneList && callStyles[given.calls].index === "own"
  return [
    ...pieces(meant.reasoning, given.sizes).map((part) => reasoningIn(given, part)),
    ...pieces(meant.content, given.sizes).map((part) => ({ content: contentIn(given, part) })),
    ...(isOneList && entries.length > 0
      ? [{ tool_calls: entries }]
      : entries.map((entry) => ({ tool_calls: [entry] }))),
  ]
}

const streamOf = (meant: Meaning, given: Style): string => {
  const words = finishWords[meant.finish]
  const finish = words[given.finishWord % words.length]
  const deltas = deltasOf(meant, given)
  const isSaying = given.delta === "text" && meant.reasoning === "" && meant.calls.length === 0
  const holder = given.delta === "message" && meant.calls.length === 0 ? "message" : "delta"
  const choiceOf = (delta: Json | null | undefined, reason: unknown): Json => ({
    ...(given.choiceIndex === undefined ? {} : { index: given.choiceIndex }),
    ...(isSaying && given.content === "text" && delta?.["content"] !== undefined
      ? { text: delta["content"] }
      : delta === undefined
        ? {}
        : { [holder]: delta }),
    ...(reason === undefined ? {} : { finish_reason: reason }),
  })
  const event = (choice: Json): string =>
    `data:${given.hasBlank ? " " : ""}${JSON.stringify({ object: "chat.completion.chunk", choices: [choice], ...given.more })}\n\n`
  const withRole = (delta: Json, at: number): Json =>
    given.role === undefined || (at > 0 && !given.isRoleRepeated)
      ? delta
      : { role: given.role, ...delta }
  const isLast = given.end === "with the last" && deltas.length > 0
  const events = deltas.map((delta, at) =>
    event(
      choiceOf(withRole(delta, at), isLast && at === deltas.length - 1 ? finish : given.goingOn),
    ),
  )
  if (!isLast)
    events.push(
      event(
        choiceOf(
          given.end === "delta null" ? null : given.end === "no delta" ? undefined : {},
          finish,
        ),
      ),
    )
  const noisy = events.map((one, at) => (given.noise[at] ?? "") + one).join("")
  const isCut = given.tail.startsWith("unended")
  const whole = isCut ? noisy.slice(0, given.tail === "unended" ? -1 : -2) : noisy + given.tail
  return (given.hasMark ? "\ufeff" : "") + whole.replaceAll("\n", given.lineEnd)
}

const documentOf = (meant: Meaning, given: Style): string => {
  const words = finishWords[meant.finish]
  const { index, id } = callStyles[given.calls]
  const calls = meant.calls.map((call, at) => {
    const fields = {
      name: call.name,
      arguments: given.areArgsObjects ? (JSON.parse(call.args) as unknown) : call.args,
    }
    return {
      ...(index === "own" ? { index: at } : index === "zero" ? { index: 0 } : {}),
      ...(id === "never" ? {} : { id: call.id }),
      ...(given.type === undefined ? {} : { type: given.type }),
      ...(given.isFlat ? fields : { function: fields }),
    }
  })
  const thought = meant.reasoning === "" ? {} : reasoningIn(given, meant.reasoning)
  const said = contentIn(given, meant.content)
  const content = Array.isArray(thought["content"])
    ? [...(thought["content"] as Array<unknown>), { type: "text", text: meant.content }]
    : said
  return JSON.stringify({
    object: "chat.completion",
    ...given.more,
    choices: [
      {
        ...(given.choiceIndex === undefined ? {} : { index: given.choiceIndex }),
        message: {
          role: given.role,
          ...thought,
          content,
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        finish_reason: words[given.finishWord % words.length],
      },
    ],
  })
}

const cutAt = (bytes: Buffer, cuts: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  )
  return places.slice(1).map((place, at) => bytes.subarray(places[at], place))
}

/** An answer with a meaning, as some server writes it. */
export const rendered: fc.Arbitrary<Rendered> = fc.tuple(meaning, style).map(([meant, given]) => {
  const text = given.isWhole ? documentOf(meant, given) : streamOf(meant, given)
  return {
    meaning: meant,
    parts: cutAt(Buffer.from(text), given.cuts),
    hasIds: callStyles[given.calls].id !== "never",
    text,
  }
})
