/** What a model made, item by item, as a response shows it. */
import type { JsonObject } from "../../../platform/json/json-object.ts"

export type ItemStatus = "in_progress" | "completed" | "incomplete"

interface Item {
  readonly id: string
  /** Its place in the output. */
  readonly index: number
  status: ItemStatus
}

export interface Reasoning extends Item {
  readonly type: "reasoning"
  /** As a summary, where one is asked for: many clients show nothing else. */
  readonly isSummary: boolean
  text: string
}

export interface TextPart {
  readonly type: "output_text"
  text: string
  readonly logprobs: Array<JsonObject>
}
export interface RefusalPart {
  readonly type: "refusal"
  text: string
}

export interface Message extends Item {
  readonly type: "message"
  readonly parts: Array<TextPart | RefusalPart>
}

export interface FunctionCall extends Item {
  readonly type: "function_call"
  readonly callId: string
  readonly name: string
  given: string
}

export interface CustomCall extends Item {
  readonly type: "custom_tool_call"
  readonly callId: string
  readonly name: string
  given: string
}

export type OutputItem = Reasoning | Message | FunctionCall | CustomCall

export const idPrefixes = {
  reasoning: "rs",
  message: "msg",
  function_call: "fc",
  custom_tool_call: "ctc",
} as const satisfies Record<OutputItem["type"], string>

export const reasoningPart = ({ isSummary }: Reasoning, text: string): JsonObject => ({
  type: isSummary ? "summary_text" : "reasoning_text",
  text,
})

export const partView = (part: TextPart | RefusalPart): JsonObject =>
  part.type === "refusal"
    ? { type: "refusal", refusal: part.text }
    : { type: "output_text", text: part.text, annotations: [], logprobs: [...part.logprobs] }

/** As the wire has it; nothing in it is shared with the item, which goes on changing. */
export const itemView = (item: OutputItem): JsonObject => {
  const { id, type, status } = item
  switch (item.type) {
    case "reasoning": {
      const parts = item.text === "" ? [] : [reasoningPart(item, item.text)]
      return {
        id,
        type,
        status,
        ...(item.isSummary ? { summary: parts } : { summary: [], content: parts }),
      }
    }
    case "message":
      return { id, type, status, role: "assistant", content: item.parts.map(partView) }
    case "function_call":
      return { id, type, status, call_id: item.callId, name: item.name, arguments: item.given }
    case "custom_tool_call":
      return { id, type, status, call_id: item.callId, name: item.name, input: item.given }
  }
}
