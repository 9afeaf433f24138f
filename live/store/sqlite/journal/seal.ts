/**
 * How a group of entries is sealed: digests of its journal rows and of its postings as they were given
 * to the database, and a chain over all groups. A row that is not as it was written, one that is
 * missing and one too many all change a digest.
 *
 *     chain(n) = H(chain(n − 1), n, first entry, last entry, time, H(journal rows), H(postings))
 *
 * It guards against damage, not against an adversary, who would write a chain of his own.
 */
import { createHash } from "node:crypto"

export interface Seal {
  readonly number: number
  /** The last entry after this group. */
  readonly lastSeq: number
  /** Unix time, ms. */
  readonly writtenAtMillis: number
  readonly journal: string
  readonly postings: string
  readonly chain: string
}

/** Where the chain begins. */
export const noSeal = (lastSeq: number): Seal => ({
  number: 0,
  lastSeq,
  writtenAtMillis: 0,
  journal: "",
  postings: "",
  chain: "",
})

/** 128 bits of SHA-256, in hexadecimal. */
export const digestOfText = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 32)

type Sealed = Omit<Seal, "number" | "chain">

/** The seal of the group that follows `before`. */
export const sealAfter = (before: Seal, group: Sealed): Seal => {
  const number = before.number + 1
  return { ...group, number, chain: chainOf(before, { ...group, number }) }
}

export const chainOf = (before: Seal, group: Omit<Seal, "chain">): string => {
  const { number, lastSeq, writtenAtMillis, journal, postings } = group
  return digestOfText(
    [before.chain, number, before.lastSeq + 1, lastSeq, writtenAtMillis, journal, postings].join(
      "/",
    ),
  )
}
