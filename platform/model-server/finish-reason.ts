/**
 * How a model server says that an answer has ended, in OpenAI's words. Servers have words of their own
 * for the same ends; a few say that the answer was broken off, which is no end of it. An end that nobody
 * knows is an end all the same.
 */
import { isObject } from "../json/json-object.ts"

export type FinishReason = "stop" | "length" | "tool_calls" | "function_call" | "content_filter"

const words: Readonly<Record<FinishReason | "broken" | "none", ReadonlyArray<string>>> = {
  stop: [
    "stop",
    "stop_sequence",
    "stop_token",
    "stop_str",
    "eos",
    "eos_token",
    "end_of_sequence",
    "end_turn",
    "end_of_turn",
    "end",
    "complete",
    "completed",
    "done",
    "finished",
  ],
  length: [
    "length",
    "max_tokens",
    "max_new_tokens",
    "max_output_tokens",
    "max_length",
    "model_length",
    "context_length",
    "model_context_window_exceeded",
    "token_limit",
  ],
  tool_calls: ["tool_calls", "tool_call", "tool_use"],
  function_call: ["function_call"],
  content_filter: [
    "content_filter",
    "content_filtered",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "sensitive",
    "refusal",
  ],
  broken: [
    "error",
    "errored",
    "abort",
    "aborted",
    "cancel",
    "cancelled",
    "canceled",
    "fail",
    "failed",
    "failure",
    "timeout",
    "disconnect",
    "disconnected",
    "interrupted",
    "internal_error",
    "server_error",
    "network_error",
    "insufficient_system_resource",
  ],
  none: ["", "null", "none", "finish_reason_unspecified"],
}
const meanings: ReadonlyMap<string, FinishReason | "broken" | "none"> = new Map(
  (Object.keys(words) as Array<keyof typeof words>).flatMap((meaning) =>
    words[meaning].map((word) => [word, meaning] as const),
  ),
)

export interface Finish {
  /** `broken`: the server itself says that this is not the whole answer. */
  readonly reason: FinishReason | "broken"
  /** The server's own word, where it is not one that is known; then it is taken for "stop". */
  readonly unknownWord?: string
}

const longestQuoted = 100

/** Of `finish_reason`, a word or an object with its `type`; `undefined` where the answer goes on. */
export const finishOf = (given: unknown): Finish | undefined => {
  const said = isObject(given) ? given["type"] : given
  if (typeof said !== "string") return undefined
  const word = said.trim().toLowerCase().replace(/[- ]/g, "_")
  const meaning = meanings.get(word)
  if (meaning === "none") return undefined
  return meaning === undefined
    ? { reason: "stop", unknownWord: said.slice(0, longestQuoted) }
    : { reason: meaning }
}
