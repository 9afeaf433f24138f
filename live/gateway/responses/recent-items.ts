/**
 * The items of an account's latest answers, by their ids. OpenAI stores what it answers, and clients
 * rely on it: the AI SDK sends the id of what a model did in an earlier step, and no more. So they are
 * remembered for a while, in memory alone, unless a call says `store: false`.
 *
 * What is forgotten first is an account's oldest item, and of all accounts the one that has been quiet
 * for longest: whoever answers much pushes out its own.
 */
import type { AccountId } from "../../../engine/index.ts"
import { badRequest } from "../../http/http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import type { InputItem, SentItem } from "./items.ts"

export interface RecentItems {
  readonly keep: (account: AccountId, items: ReadonlyArray<JsonObject>) => void
  /** An input with the items in place of references. Throws where one is not known. */
  readonly resolved: (
    account: AccountId,
    input: string | ReadonlyArray<InputItem>,
  ) => string | ReadonlyArray<SentItem>
}

const mostCharsPerAccount = 1_048_576
const mostChars = 32 * mostCharsPerAccount

/** Items as JSON: what is remembered does not change, and its size is known. */
interface Memory {
  readonly items: Map<string, string>
  chars: number
}

export interface RecentLimits {
  /** Of what the references of one call stand for, each as often as it is referred to. */
  readonly charsPerCall: number
  readonly chars?: number
  readonly charsPerAccount?: number
}

export const makeRecentItems = ({
  charsPerCall,
  chars: charsOfAll = mostChars,
  charsPerAccount = mostCharsPerAccount,
}: RecentLimits): RecentItems => {
  /** The quiet ones first. */
  const memories = new Map<number, Memory>()
  let chars = 0

  const memoryOf = (account: AccountId): Memory => {
    const memory = memories.get(account) ?? { items: new Map(), chars: 0 }
    memories.delete(account)
    memories.set(account, memory)
    return memory
  }
  const forget = (memory: Memory, id: string): void => {
    const size = memory.items.get(id)?.length ?? 0
    memory.items.delete(id)
    memory.chars -= size
    chars -= size
  }
  const add = (memory: Memory, id: string, item: string): void => {
    memory.items.set(id, item)
    memory.chars += item.length
    chars += item.length
  }

  const find = (account: AccountId, id: string): string | undefined => {
    const memory = memories.get(account)
    const item = memory?.items.get(id)
    if (memory === undefined || item === undefined) return undefined
    // A conversation that goes on is remembered for longer than one that does not.
    forget(memory, id)
    add(memoryOf(account), id, item)
    return item
  }

  const resolved: RecentItems["resolved"] = (account, input) => {
    if (typeof input === "string") return input
    const parsed = new Map<string, { readonly item: SentItem; readonly chars: number }>()
    let charsPut = 0
    return input.map((item, index) => {
      if (item.type !== "item_reference") return item
      const { id } = item
      let found = parsed.get(id)
      if (found === undefined) {
        const json = find(account, id)
        if (json === undefined)
          throw badRequest(
            `\`input.${index}.id\`: there is no such item here, or no more; the gateway remembers only the latest, for a while: send the item itself (clients do with \`store: false\`)`,
            `input.${index}.id`,
          )
        found = { item: JSON.parse(json) as SentItem, chars: json.length }
        parsed.set(id, found)
      }
      charsPut += found.chars
      if (charsPut > charsPerCall)
        throw badRequest(
          `\`input.${index}.id\`: the items that the references of this call stand for are longer than a call's body may be, which is ${charsPerCall} bytes`,
          `input.${index}.id`,
        )
      return found.item
    })
  }

  return {
    keep: (account, items) => {
      const memory = memoryOf(account)
      for (const item of items) {
        const id = String(item["id"])
        forget(memory, id)
        add(memory, id, JSON.stringify(item))
      }
      for (const id of memory.items.keys()) {
        if (memory.chars <= charsPerAccount) break
        forget(memory, id)
      }
      for (const [quiet, { chars: freed }] of memories) {
        if (chars <= charsOfAll) break
        memories.delete(quiet)
        chars -= freed
      }
    },
    resolved,
  }
}
