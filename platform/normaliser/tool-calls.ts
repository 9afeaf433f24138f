/**
 * The tool calls of one answer, in OpenAI's form: each with an index of its own, its id, type and name
 * once, its arguments as the pieces of one text. Servers name no index, or 0 for every call, or repeat
 * the name in every chunk, or send the arguments as an object: which call a piece belongs to is told
 *
 * - by its id, where ids differ;
 * - else by its place: its index, or its place in a list of several, or the call that came last;
 * - but a new call begins with a new id, or another name, or with arguments for a call whose arguments
 *   are whole.
 *
 * A call goes out once its name is known. What would only spoil it is dropped: arguments behind the end
 * of the arguments, and calls that never get a name.
 */
import type { JsonObject } from "../json/json-object.ts"
import { isObject } from "../json/json-object.ts"
import type { JsonProgress } from "../json/json-progress.ts"
import { makeJsonProgress } from "../json/json-progress.ts"

export interface ToolCallTracker {
  /** The calls of a delta, as it should have been; of a whole message, each entry is a call. */
  readonly take: (entries: unknown, isMessage: boolean) => Array<JsonObject>
  /** What was held back, once the answer is over. */
  readonly finish: () => Array<JsonObject>
}

type ToolType = "function" | "custom"

interface Call {
  readonly type: ToolType
  /** By the server; it may come late, or never. */
  givenId: string | undefined
  /** As the consumer knows it. */
  readonly id: string
  name: string
  /** Among the calls that went out; −1 before. */
  index: number
  readonly place: number | undefined
  /** All of its arguments so far, and what of them is not out yet. */
  text: string
  held: string
  readonly progress: JsonProgress
  /** Its arguments are `{}`, with which some servers begin before they send the real ones. */
  isPlaceholder: boolean
}

interface Entry {
  readonly type: ToolType
  readonly id: string | undefined
  readonly name: string | undefined
  readonly place: number | undefined
  readonly piece: string
}

const placeholder = "{}"
const isBlank = (text: string): boolean => text.trim() === ""

/** `newId` names calls that the server does not name. */
export const makeToolCalls = (isCustomAsked: boolean, newId: () => string): ToolCallTracker => {
  const calls: Array<Call> = []
  const byId = new Map<string, Call>()
  const byPlace = new Map<number, Call>()
  const ids = new Set<string>()
  let latest: Call | undefined
  let sent = 0

  /** The call that an entry goes on with; `undefined`: it begins one. */
  const callOf = (entry: Entry): Call | undefined => {
    const { id, place } = entry
    const there = place === undefined ? latest : byPlace.get(place)
    if (id !== undefined) {
      const known = there?.givenId === id ? there : byId.get(id)
      if (known !== undefined) return isSame(known, entry) ? known : undefined
    }
    return there !== undefined && there.type === entry.type && goesOn(there, entry)
      ? there
      : undefined
  }

  const begin = ({ type, id, place }: Entry): Call => {
    const call: Call = {
      type,
      givenId: id,
      id: id === undefined || ids.has(id) ? newId() : id,
      name: "",
      index: -1,
      place,
      text: "",
      held: "",
      progress: makeJsonProgress(),
      isPlaceholder: false,
    }
    calls.push(call)
    ids.add(call.id)
    if (place !== undefined) byPlace.set(place, call)
    return call
  }

  const takePiece = (call: Call, piece: string): void => {
    if (call.type === "function") {
      if (isWhole(call) && (!call.isPlaceholder || isBlank(piece))) return
      const isFirst = !call.progress.isBegun()
      if (call.isPlaceholder) call.text = call.held = ""
      call.isPlaceholder = isFirst && piece.trim() === placeholder
      if (!call.isPlaceholder) call.progress.add(piece)
    }
    call.text += piece
    call.held += piece
  }

  /** What can go out of a call now; `isFinal`: its arguments will not turn out to be others. */
  const release = (call: Call, isFinal: boolean): ReadonlyArray<JsonObject> => {
    if (call.name === "") return []
    const { type, id, name } = call
    if (isFinal && call.isPlaceholder) {
      call.isPlaceholder = false
      call.progress.add(placeholder)
    }
    const text = call.isPlaceholder ? "" : call.held
    const isFirst = call.index < 0
    if (!isFirst && text === "") return []
    if (!call.isPlaceholder) call.held = ""
    if (isFirst) call.index = sent++
    const head = isFirst ? { name } : {}
    return [
      {
        index: call.index,
        ...(isFirst ? { id, type } : {}),
        ...(type === "custom"
          ? { custom: { ...head, input: text } }
          : { function: { ...head, arguments: text } }),
      },
    ]
  }

  const takeEntry = (entry: Entry): ReadonlyArray<JsonObject> => {
    const call = callOf(entry) ?? begin(entry)
    latest = call
    const { id, name, piece } = entry
    if (id !== undefined) {
      call.givenId ??= id
      if (!byId.has(id)) byId.set(id, call)
    }
    if (call.name === "" && name !== undefined) call.name = name
    takePiece(call, piece)
    return release(call, false)
  }

  return {
    take: (entries, isMessage) => {
      const list = (Array.isArray(entries) ? entries : [entries]).filter(isObject)
      return list.flatMap((given, at) => {
        const entry = entryOf(given, isMessage ? undefined : placeOf(given, at, list.length))
        if (entry.type === "custom" && !isCustomAsked) return []
        if (isMessage) latest = undefined
        return takeEntry(entry)
      })
    },
    finish: () => calls.flatMap((call) => release(call, true)),
  }
}

const isWhole = ({ isPlaceholder, progress }: Call): boolean => isPlaceholder || progress.isWhole()

/** Whether an entry with a call's id is about that call: ids may be used again. */
const isSame = (call: Call, { name, place, piece }: Entry): boolean => {
  if (name === undefined || call.name === "") return true
  if (name !== call.name) return false
  if (place !== undefined && call.place !== undefined && place !== call.place) return false
  // Some servers repeat a whole call at the end.
  return !isWhole(call) || isBlank(piece) || piece === call.text || call.type === "custom"
}

/** Whether an entry at a call's place, with another id or none, is a part of that call. */
const goesOn = (call: Call, { id, name, piece }: Entry): boolean => {
  const isOtherId = id !== undefined && call.givenId !== undefined
  if (name === undefined) return !(isOtherId && isWhole(call))
  if (call.name === "") return !isOtherId
  if (name !== call.name || (isWhole(call) && !isBlank(piece))) return false
  if (!isOtherId) return true
  // An id made up for every chunk: its text goes on where the one before left off.
  return call.progress.isBegun() && !isWhole(call) && !isBlank(piece) && !/^\s*[[{]/.test(piece)
}

const placeOf = ({ index }: JsonObject, at: number, length: number): number | undefined => {
  const number = typeof index === "string" && /^\d+$/.test(index) ? Number(index) : index
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number
  return length > 1 ? at : undefined
}

/** A name or an id as a text; one without a letter counts as absent, as clients take it. */
const wordIn = (value: unknown): string | undefined => {
  if (typeof value === "number") return String(value)
  return typeof value === "string" && value.trim() !== "" ? value : undefined
}

const entryOf = (given: JsonObject, place: number | undefined): Entry => {
  const { custom } = given
  const isCustom = given["type"] === "custom" || (isObject(custom) && !isObject(given["function"]))
  const inner = isCustom ? custom : given["function"]
  // A few servers have the name and the arguments where the id is.
  const body = isObject(inner) ? inner : given
  return {
    type: isCustom ? "custom" : "function",
    id: wordIn(given["id"]),
    name: wordIn(body["name"]),
    place,
    piece: argumentsText(body[isCustom ? "input" : "arguments"]),
  }
}

/** Arguments are a text; some servers send the object that it should spell. */
export const argumentsText = (given: unknown): string => {
  if (typeof given === "string") return given
  return given === undefined || given === null ? "" : JSON.stringify(given)
}
