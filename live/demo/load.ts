/** A consumer's load: calls at random times, some streamed to their end, some left in the middle. */
import { setTimeout as pause } from "node:timers/promises"
import type { Stream } from "../../engine/index.ts"
import { ComputeClient, ComputeError } from "../client.ts"
import type { ConsumerPart } from "./cast.ts"

export interface LoadResult {
  readonly name: string
  calls: number
  answered: number
  left: number
  refused: number
  tokens: number
}

/** Runs until `seconds` have passed and every call is over. */
export const runLoad = async (
  url: string,
  key: string,
  part: ConsumerPart,
  chance: Stream,
  seconds: number,
): Promise<LoadResult> => {
  const client = new ComputeClient({ baseUrl: url, apiKey: key })
  const result: LoadResult = {
    name: part.name,
    calls: 0,
    answered: 0,
    left: 0,
    refused: 0,
    tokens: 0,
  }
  const until = performance.now() + seconds * 1000
  const underWay: Array<Promise<void>> = []
  for (;;) {
    await pause((-Math.log(1 - chance.next()) / part.rate) * 1000)
    if (performance.now() >= until) break
    const leavesAfter = chance.next() < part.leaveShare ? 5 : Infinity
    underWay.push(call(client, part, result, leavesAfter))
  }
  await Promise.all(underWay)
  return result
}

const call = async (
  client: ComputeClient,
  { model, maxTokens }: ConsumerPart,
  result: LoadResult,
  leavesAfter: number,
): Promise<void> => {
  result.calls += 1
  try {
    let parts = 0
    const messages = [
      { role: "user" as const, content: `Call ${result.calls}: tell me something.` },
    ]
    for await (const { usage, text } of client.chat({ model, messages, maxTokens })) {
      if (text !== "" && ++parts > leavesAfter) {
        result.left += 1
        return
      }
      if (usage !== undefined) result.tokens += usage.completionTokens
    }
    result.answered += 1
  } catch (cause) {
    if (!(cause instanceof ComputeError)) throw cause
    result.refused += 1
  }
}
