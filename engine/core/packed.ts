/**
 * Plain data as a block of bytes and a small outline: what a large state is copied into at once, so that
 * it can be written out later and elsewhere while the market goes on.
 *
 * Everything that is many numbers (typed arrays, long lists and sets of numbers, maps' keys) lies in
 * the block, one after the other, and the outline says where. Nothing knows which tables or columns there
 * are. Bytes are in the machine's order, as in `portable.ts`.
 */
import { byOffset } from "./by-offset.ts"
import { resumeStream } from "./random.ts"
import type { StreamState } from "./random.ts"
import type { Portable } from "./portable.ts"
import { isStream, textOf } from "./portable.ts"
import { SlotIndex } from "./slot-index.ts"

export interface Packed {
  /** JSON that stands for the value; what is marked `$` lies in `bytes` or is none of JSON's values. */
  readonly outline: Portable
  readonly bytes: Uint8Array<ArrayBuffer>
}

const arrays = { Float64Array, Int32Array, Uint32Array, Uint8Array } as const
type ArrayName = keyof typeof arrays
type NumberArray = InstanceType<(typeof arrays)[ArrayName]>

const isNumberArray = (value: unknown): value is NumberArray =>
  ArrayBuffer.isView(value) && value.constructor.name in arrays

/** Shorter lists of numbers are cheaper in the outline. */
const fewNumbers = 16

/** Copies the value, sharing nothing with it. O(size), most of it the copying of memory. */
export const pack = (value: unknown): Packed => {
  const kept: Array<NumberArray> = []
  let length = 0

  const keep = (array: NumberArray): number => {
    const at = length
    kept.push(array)
    // Each begins at a multiple of 8, as the widest of them wants it.
    length = (at + array.byteLength + 7) & ~7
    return at
  }
  const arrayAt = (array: NumberArray): Portable => ({
    $: array.constructor.name,
    at: keep(array),
    length: array.length,
  })

  const listOf = (list: ReadonlyArray<unknown>): Portable => {
    if (list.length <= fewNumbers) return list.map(outlineOf)
    if (list.every((one) => typeof one === "number"))
      return { $: "numbers", values: arrayAt(new Float64Array(list)) }
    const [first] = list
    if (isNumberArray(first) && list.every((one) => isLike(one, first))) {
      const lengths = listOf(list.map((one) => (one as NumberArray).length))
      return { $: "arrays", of: first.constructor.name, lengths, ats: listOf(list.map(keepAny)) }
    }
    return list.map(outlineOf)
  }
  const keepAny = (one: unknown): number => keep(one as NumberArray)

  const outlineOf = (one: unknown): Portable => {
    if (typeof one === "number")
      return Number.isFinite(one) && !Object.is(one, -0) ? one : { $: "number", text: textOf(one) }
    if (one === undefined) return { $: "undefined" }
    if (one === null || typeof one === "boolean" || typeof one === "string") return one
    if (Array.isArray(one)) return listOf(one)
    if (isNumberArray(one)) return arrayAt(one)
    if (one instanceof Map)
      return { $: "Map", keys: listOf([...one.keys()]), values: listOf([...one.values()]) }
    if (one instanceof SlotIndex) return { $: "SlotIndex", pairs: arrayAt(one.pairs()) }
    if (one instanceof Set) return { $: "Set", values: listOf([...one]) }
    if (typeof one === "object" && isStream(one))
      return { $: "Stream", state: outlineOf(one.state()) }
    if (typeof one === "object")
      return Object.fromEntries(Object.entries(one).map(([key, part]) => [key, outlineOf(part)]))
    throw new Error(`snapshot: a ${typeof one} is no plain data`)
  }

  const outline = outlineOf(value)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const array of kept) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at = (at + array.byteLength + 7) & ~7
  }
  return { outline, bytes }
}

const isLike = (one: unknown, first: NumberArray): boolean =>
  isNumberArray(one) && one.constructor === first.constructor

/** The inverse of {@link pack}. Throws where it was not made by it. */
export const unpack = ({ outline, bytes }: Packed): unknown => {
  const arrayOf = (name: string, at: number, length: number): NumberArray => {
    const make = Object.hasOwn(arrays, name) ? arrays[name as ArrayName] : undefined
    if (make === undefined) throw new Error(`snapshot: unknown mark ${JSON.stringify(name)}`)
    const from = bytes.byteOffset + at
    const size = length * make.BYTES_PER_ELEMENT
    if (!(at >= 0 && at + size <= bytes.byteLength))
      throw new Error(`snapshot: ${length} numbers at ${at} are beyond its bytes`)
    return new make(bytes.buffer.slice(from, from + size))
  }
  const listOf = (one: Portable): ReadonlyArray<unknown> => valueOf(one) as ReadonlyArray<unknown>
  const numbersOf = (one: Portable): ReadonlyArray<number> => valueOf(one) as ReadonlyArray<number>

  const valueOf = (one: Portable): unknown => {
    if (one === null || typeof one !== "object") return one
    if (Array.isArray(one)) return one.map(valueOf)
    const record = one as { readonly [key: string]: Portable }
    switch (record["$"]) {
      case undefined:
        return byOffset(
          Object.fromEntries(Object.entries(record).map(([key, part]) => [key, valueOf(part)])),
        )
      case "number":
        return Number(record["text"])
      case "undefined":
        return undefined
      case "numbers":
        return Array.from(valueOf(record["values"]) as Float64Array)
      case "arrays": {
        const ats = numbersOf(record["ats"])
        return numbersOf(record["lengths"]).map((length, index) =>
          arrayOf(String(record["of"]), ats[index], length),
        )
      }
      case "Map": {
        const values = listOf(record["values"])
        return new Map(listOf(record["keys"]).map((key, index) => [key, values[index]]))
      }
      case "Set":
        return new Set(listOf(record["values"]))
      case "SlotIndex":
        return SlotIndex.of(valueOf(record["pairs"]) as Float64Array)
      case "Stream":
        return resumeStream(valueOf(record["state"]) as StreamState)
      default:
        return arrayOf(String(record["$"]), Number(record["at"]), Number(record["length"]))
    }
  }
  return valueOf(outline)
}
