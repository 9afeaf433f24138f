/** Ids of answers: 120 random bits, which tell nothing of how many there are. */
import { randomFillSync } from "node:crypto"
import type { JobKind } from "../../protocol/delivery.ts"

const prefixes = {
  chat: "chatcmpl-",
  completion: "cmpl-",
  embedding: "embd-",
  response: "resp_",
} as const satisfies Record<JobKind | "response", string>

/** Random bytes are drawn many at a time: a draw costs as much as a hundred copies. */
const idBytes = 15
const pool = Buffer.alloc(idBytes * 256)
let drawn = pool.length

export const newAnswerId = (kind: JobKind | "response"): string => {
  if (drawn === pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  const id = pool.toString("base64url", drawn, drawn + idBytes)
  drawn += idBytes
  return prefixes[kind] + id
}
