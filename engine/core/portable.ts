/**
 * Plain data as text and back, exactly: typed arrays as base64, maps and sets as entries, streams as
 * their generator's state. What a snapshot of a market is made of.
 *
 * Typed arrays are written in the machine's byte order, which is little-endian on every platform that
 * Node supports.
 */
import { Either, Encoding } from "effect"
import { byOffset } from "./by-offset.ts"
import type { Stream, StreamState } from "./random.ts"
import { resumeStream } from "./random.ts"
import { SlotIndex } from "./slot-index.ts"

const arrays = { Float64Array, Int32Array, Uint32Array, Uint8Array } as const
type ArrayName = keyof typeof arrays

/** JSON that stands for a value; `$` marks what JSON cannot say by itself. */
export type Portable =
  null | boolean | number | string | ReadonlyArray<Portable> | { readonly [key: string]: Portable }

export const isStream = (value: object): value is Stream =>
  "next" in value && typeof value.next === "function" && "state" in value

/**
 * A value as JSON. `textOfBytes` may shorten what typed arrays hold where nobody is to read it back.
 */
export const freeze = (
  value: unknown,
  textOfBytes: (bytes: Uint8Array) => string = Encoding.encodeBase64,
): Portable => {
  const frozen = (one: unknown): Portable => freeze(one, textOfBytes)
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $: "number", text: textOf(value) }
  if (value === undefined) return { $: "undefined" }
  if (value === null || typeof value === "boolean" || typeof value === "string") return value
  if (Array.isArray(value)) return value.map(frozen)
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    return { $: value.constructor.name, base64: textOfBytes(bytes) }
  }
  if (value instanceof Map)
    return { $: "Map", entries: [...value].map(([k, v]) => [frozen(k), frozen(v)]) }
  if (value instanceof SlotIndex) return { $: "SlotIndex", entries: value.toArray() }
  if (value instanceof Set) return { $: "Set", values: [...value].map(frozen) }
  if (typeof value === "object" && isStream(value))
    return { $: "Stream", state: frozen(value.state()) }
  if (typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, frozen(one)]))
  throw new Error(`snapshot: a ${typeof value} is no plain data`)
}

/** A number that JSON has no word for. */
export const textOf = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

/** The inverse of {@link freeze}. Throws where the text was not made by it. */
export const thaw = (value: Portable): unknown => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(thaw)
  const record = value as { readonly [key: string]: Portable }
  const mark = record["$"]
  if (mark === undefined)
    return byOffset(
      Object.fromEntries(Object.entries(record).map(([key, one]) => [key, thaw(one)])),
    )
  if (mark === "number") return Number(record["text"])
  if (mark === "undefined") return undefined
  if (mark === "Stream") return resumeStream(thaw(record["state"] as Portable) as StreamState)
  if (mark === "Set") return new Set((record["values"] as ReadonlyArray<Portable>).map(thaw))
  if (mark === "SlotIndex") {
    const index = new SlotIndex()
    for (const [id, slot] of record["entries"] as ReadonlyArray<readonly [number, number]>)
      index.add(id, slot)
    return index
  }
  if (mark === "Map")
    return new Map(
      (record["entries"] as ReadonlyArray<readonly [Portable, Portable]>).map(([k, v]) => [
        thaw(k),
        thaw(v),
      ]),
    )
  const make = arrays[mark as ArrayName]
  if (make === undefined) throw new Error(`snapshot: unknown mark ${JSON.stringify(mark)}`)
  const bytes = Either.getOrThrow(Encoding.decodeBase64(record["base64"] as string))
  return new make(bytes.slice().buffer)
}
