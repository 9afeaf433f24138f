/**
 * The file of a batch, read line by line: each is a request of the batch's endpoint under a name of its own,
 * all for one model. What is wrong is told with the number of its line.
 */
import { setImmediate as nextTurn } from "node:timers/promises"
import { Data, Either } from "effect"
import { isDeeper } from "../../platform/json/json-depth.ts"
import { isObject } from "../../platform/json/json-object.ts"
import type { BatchError, FileRecord, ModelRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { CallOrder } from "../gateway/call/call.ts"
import { bodyCheck } from "../gateway/request/bodies.ts"
import { orderOf } from "../gateway/request/order.ts"
import { HttpError } from "../http/http-error.ts"
import { runEffect } from "../http/run-effect.ts"
import { wellFormed } from "../http/server/json-body.ts"
import type { Files } from "./files.ts"

/** An item as it is kept: what its host is asked, and its owner's name of it. */
export interface AskedItem {
  readonly customId: string
  readonly body: CallOrder["body"]
  readonly inputTokens: number
  readonly maxTokens: number
}

export interface ReadFile {
  /** Of the first line that names one. */
  readonly model: ModelRecord | undefined
  readonly items: number
  readonly inputTokens: number
  readonly maxTokens: number
  readonly errors: ReadonlyArray<BatchError>
}

const mostErrors = 100
const longestName = 512
const linesInTurn = 50
const itemsTogether = 200

const checkBody = bodyCheck("chat")

/** What is wrong with a line. */
class LineInvalid extends Data.TaggedError("LineInvalid")<{
  readonly code: string
  readonly message: string
  readonly param: string | null
}> {
  constructor(code: string, message: string, param: string | null = null) {
    super({ code, message, param })
  }
}

/** `keep` gets the items in order, some at a time, as long as no line was wrong. */
export const readInputFile = async (
  services: LiveServices,
  files: Files,
  file: FileRecord,
  endpoint: string,
  keep: (items: ReadonlyArray<{ readonly item: number; readonly asked: string }>) => void,
): Promise<ReadFile> => {
  const { config } = services
  const errors: Array<BatchError> = []
  const names = new Map<string, number>()
  let kept: Array<{ readonly item: number; readonly asked: string }> = []
  let model: ModelRecord | undefined
  let items = 0
  let inputTokens = 0
  let maxTokens = 0

  const itemOf = async (text: string): Promise<AskedItem> => {
    if (text.length > config.limits.bodyBytes)
      throw new LineInvalid(
        "line_too_long",
        `a request has ${config.limits.bodyBytes} bytes at most`,
      )
    const line = objectOf(text, config.limits.jsonDepth)
    const customId = nameOf(line, names)
    if (line["method"] !== "POST")
      throw new LineInvalid("invalid_method", "`method`: must be POST", "method")
    if (line["url"] !== endpoint)
      throw new LineInvalid(
        "mismatched_endpoint",
        `\`url\`: must be the batch's endpoint, ${endpoint}`,
        "url",
      )
    const checked = checkBody(line["body"])
    if (Either.isLeft(checked)) throw inBody(checked.left)
    if (checked.right.stream === true)
      throw new LineInvalid("invalid_request", "a batch's answers are no streams", "body.stream")
    const order = await Promise.resolve()
      .then(() => orderOf(services, file.account, "chat", checked.right, {}))
      .catch((error: unknown) => {
        throw error instanceof HttpError ? inBody(error) : error
      })
    model ??= order.model
    if (order.model.id !== model.id)
      throw new LineInvalid(
        "mismatched_model",
        `all lines of a batch ask for one model, which is ${model.name} here`,
        "body.model",
      )
    return {
      customId,
      body: order.body,
      inputTokens: order.inputTokens,
      maxTokens: order.maxTokens,
    }
  }

  const take = async (text: string, line: number): Promise<void> => {
    if (line % linesInTurn === 0) await nextTurn()
    if (items === config.batches.items)
      throw new LineInvalid(
        "too_many_requests",
        `a batch has ${config.batches.items} requests at most`,
      )
    const asked = await itemOf(text)
    kept.push({ item: items, asked: JSON.stringify(asked) })
    names.set(asked.customId, line)
    items += 1
    inputTokens += asked.inputTokens
    maxTokens += asked.maxTokens
    if (kept.length < itemsTogether) return
    flush()
  }
  const flush = (): void => {
    if (errors.length === 0 && kept.length > 0) keep(kept)
    kept = []
  }

  let number = 0
  for await (const text of linesOf(files, file)) {
    number += 1
    if (text.trim() === "") continue
    try {
      await take(text, number)
    } catch (error) {
      if (!(error instanceof LineInvalid)) throw error
      const { code, message, param } = error
      errors.push({ code, message: `line ${number}: ${message}`, param, line: number })
      if (errors.length === mostErrors || code === "too_many_requests") break
    }
  }
  flush()
  if (items === 0 && errors.length === 0)
    errors.push({
      code: "empty_file",
      message: "the file has no requests",
      param: null,
      line: null,
    })
  return { model, items, inputTokens, maxTokens, errors }
}

const objectOf = (text: string, depth: number): Readonly<Record<string, unknown>> => {
  const line = parsed(text)
  if (!isObject(line) || isDeeper(line, depth))
    throw new LineInvalid("invalid_json_line", "expected a JSON object on a line of its own")
  return wellFormed(line) as Readonly<Record<string, unknown>>
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const nameOf = (
  { custom_id: name }: Readonly<Record<string, unknown>>,
  names: ReadonlyMap<string, number>,
): string => {
  if (typeof name !== "string" || name === "" || name.length > longestName)
    throw new LineInvalid(
      "invalid_custom_id",
      `\`custom_id\`: must be a text of 1 to ${longestName} characters`,
      "custom_id",
    )
  const before = names.get(name)
  if (before !== undefined)
    throw new LineInvalid(
      "duplicate_custom_id",
      `\`custom_id\`: line ${before} has the same`,
      "custom_id",
    )
  return name
}

const inBody = ({ code, message, param }: HttpError): LineInvalid =>
  new LineInvalid(code, message, param === undefined ? "body" : `body.${param}`)

/** The lines of a file, one part of it in memory at a time. */
const linesOf = async function* (files: Files, file: FileRecord): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for (let part = 0; part < file.parts; part++) {
    const bytes = await runEffect(files.part(file, part))
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== "") yield rest
}
