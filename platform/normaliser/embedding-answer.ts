/** The vectors of an embedding, in the order of its inputs, as numbers or as base64 of 32-bit floats. */
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"

export type Vector = ReadonlyArray<number> | string

const isNumber = (value: unknown): value is number => Number.isFinite(value)

const bytesPerFloat = 4

/** Base64 of finite floats, written as it should be; nothing else is passed on as a text. */
const base64Vector = (text: string): string | undefined => {
  const bytes = Buffer.from(text, "base64")
  if (bytes.length === 0 || bytes.length % bytesPerFloat !== 0) return undefined
  for (let at = 0; at < bytes.length; at += bytesPerFloat)
    if (!Number.isFinite(bytes.readFloatLE(at))) return undefined
  return bytes.toString("base64")
}

const vectorIn = (one: unknown): Vector | undefined => {
  const given = isObject(one) ? one["embedding"] : undefined
  if (typeof given === "string") return base64Vector(given)
  return Array.isArray(given) && given.length > 0 && given.every(isNumber) ? given : undefined
}

/** Places as the server names them, where it names each of them once; else as they stand. */
const placesOf = (data: ReadonlyArray<unknown>): ReadonlyArray<number> => {
  const named = data.map((one) => (isObject(one) ? one["index"] : undefined))
  const known = new Set(named)
  const isEach = data.every((_, at) => known.has(at))
  return isEach ? (named as ReadonlyArray<number>) : data.map((_, at) => at)
}

/** The answer with nothing in it but its vectors; a text says why it is not one. */
export const embeddingAnswer = (answer: JsonObject): JsonObject | string => {
  const { data } = answer
  if (!Array.isArray(data)) return "an embedding without data"
  const vectors = data.map(vectorIn)
  if (vectors.includes(undefined)) return "an embedding that is no vector"
  const places = placesOf(data)
  const ordered = vectors
    .map((embedding, at) => ({ object: "embedding", index: places[at] ?? at, embedding }))
    .sort((a, b) => a.index - b.index)
  return { object: "list", data: ordered }
}
