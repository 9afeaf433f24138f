/**
 * A host's own look at its results (docs/rules.md#quality). Where it checks them, an answer is held back until it is
 * whole and has passed; one that has not is given back unseen, and the market tries another host.
 */
import { isObject } from "../../../platform/json/json-object.ts"
import type { Chunk } from "./backend.ts"

/** A result before it is handed in. */
export interface JobResult {
  readonly jobId: string
  /** The market's name of it. */
  readonly model: string
  /** From the start of the work to its end, s. */
  readonly completionTime: number
  /** What the market gives a call in all, s. */
  readonly timeout: number
  /** Pieces of it that are broken ÷ all, 0 to 1: an error in place of text, or text that no UTF-8 was. */
  readonly errorRate: number
  /** All of its text; of embeddings, nothing. */
  readonly text: string
}

/** Whether a result is handed in, and why not. */
export type QualityVerdict = boolean | readonly [isGood: boolean, reason?: string]
export type QualityChecker = (result: JobResult) => QualityVerdict | Promise<QualityVerdict>

/** Of its time, and of its pieces: 003's bounds. */
const mostOfTimeout = 0.9
const mostErrorRate = 0.05

/** 003's check. */
export const usualQualityCheck: QualityChecker = ({ completionTime, timeout, errorRate }) => {
  if (completionTime > timeout * mostOfTimeout) return [false, "Job took too long"]
  if (errorRate > mostErrorRate) return [false, "Error rate too high"]
  return [true, "Quality check passed"]
}

export interface Checked {
  readonly isGood: boolean
  readonly reason: string
}

/** A check that throws has found nothing good. */
export const checkedBy = async (check: QualityChecker, result: JobResult): Promise<Checked> => {
  try {
    const verdict = await check(result)
    const [isGood, reason] = typeof verdict === "boolean" ? [verdict] : verdict
    return { isGood, reason: reason ?? (isGood ? "passed" : "the quality check failed") }
  } catch (error) {
    return { isGood: false, reason: `the quality check broke off: ${(error as Error).message}` }
  }
}

/** U+FFFD: what stands where bytes were no text. */
const undecodable = "\uFFFD"

/** The text of an answer, and how much of it is broken. */
export const readAnswer = (chunks: ReadonlyArray<Chunk>): Pick<JobResult, "text" | "errorRate"> => {
  let text = ""
  let pieces = 0
  let broken = 0
  for (const chunk of chunks) {
    const said = textOf(chunk)
    const isError = chunk["error"] !== undefined
    if (said === "" && !isError) continue
    pieces++
    text += said
    if (isError || said.includes(undecodable)) broken++
  }
  return { text, errorRate: pieces === 0 ? 0 : broken / pieces }
}

const textOf = ({ choices }: Chunk): string => {
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  if (!isObject(choice)) return ""
  const delta = choice["delta"]
  const said = isObject(delta) ? delta["content"] : choice["text"]
  return typeof said === "string" ? said : ""
}
