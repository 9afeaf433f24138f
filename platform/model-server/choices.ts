/** The one choice of a call in an event of a model server. */
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"
import { finishOf } from "./finish-reason.ts"

/**
 * The choice with index 0, or the first that has no index; `undefined` where there is none, as in a
 * usage chunk, a ping or an event about another choice; `null` where what stands there are no choices.
 */
export const choiceOf = ({ choices }: JsonObject): JsonObject | undefined | null => {
  if (choices === undefined || choices === null) return undefined
  if (!Array.isArray(choices)) return null
  let hasChoice = choices.length === 0
  for (const choice of choices as ReadonlyArray<unknown>) {
    if (!isObject(choice)) continue
    hasChoice = true
    if (Number(choice["index"] ?? 0) === 0) return choice
  }
  return hasChoice ? undefined : null
}

/** Whether the answer has come to its end with this event. */
export const isFinishing = (event: JsonObject): boolean => {
  const choice = choiceOf(event)
  return isObject(choice) && finishOf(choice["finish_reason"]) !== undefined
}
