/**
 * What a database lacks of what its market has acknowledged, by the head beside it. Found before anything
 * is written: a refused directory stays as it was, for whoever wants to look into it.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { StoreDamaged } from "../../errors.ts"
import { restoreAdvice } from "../../errors.ts"
import type { FoundHead } from "./head.ts"
import { headName } from "../../data-directory.ts"
import type { Seal } from "./seal.ts"
import { lastSeal, sealOfGroup } from "./stored-journal.ts"

export interface Loss {
  /** Acknowledged entries that are not there; `undefined`: nobody knows how many. */
  readonly entries: number | undefined
  /** There is nothing left to go on with. */
  readonly isAll: boolean
  /** In a sentence: what is lost, and from when. */
  readonly what: string
}

/** `undefined`: all that was acknowledged is there. `reader`: `undefined` where there is no database. */
export const findLoss = (
  head: FoundHead,
  reader: SqlClient | undefined,
): Effect.Effect<Loss | undefined, SqlError | StoreDamaged> =>
  Effect.gen(function* () {
    const last = reader === undefined ? undefined : yield* lastSeal(reader)
    const lastGroup = last?.number ?? 0
    if (head === "missing" || head === "damaged")
      // The head is made before the first group.
      return lastGroup === 0 && head === "missing"
        ? undefined
        : {
            entries: undefined,
            isAll: lastGroup === 0,
            what: `${headName} is ${head}, so nobody knows how far this market had acknowledged; its journal ends at entry ${last?.lastSeq ?? 0}${timeOf(last)}`,
          }
    if (lastGroup < head.group)
      return {
        entries: Math.max(0, head.lastSeq - (last?.lastSeq ?? 0)),
        isAll: lastGroup === 0,
        what: lossText(head, last),
      }
    const acknowledged =
      head.group === 0 || reader === undefined ? undefined : yield* sealOfGroup(reader, head.group)
    return head.group === 0 || acknowledged?.chain === head.chain
      ? undefined
      : {
          entries: undefined,
          isAll: false,
          what: `its journal is not the one that ${headName} belongs to: group ${head.group} (entry ${head.lastSeq}) is another one`,
        }
  })

const lossText = (head: Exclude<FoundHead, string>, last: Seal | undefined): string => {
  const entries = head.lastSeq - (last?.lastSeq ?? 0)
  const commits = head.group - (last?.number ?? 0)
  const acknowledged = `entry ${head.lastSeq} was acknowledged${timeOf(head)}`
  const cause = "Its files were damaged, cut, removed or replaced by older ones"
  if (last === undefined || last.number === 0)
    return `its market is gone: its journal holds nothing, though ${acknowledged}. ${cause}`
  const lost =
    entries === 0
      ? "acknowledged changes of accounts, keys or hosts are"
      : entries === 1
        ? "1 acknowledged entry is"
        : `${entries} acknowledged entries are`
  const within = commits === 1 ? "1 commit" : `${commits} commits`
  return `${lost} lost, in ${within}: its journal ends at entry ${last.lastSeq}${timeOf(last)}, though ${acknowledged}. ${cause}`
}

const timeOf = (of: { readonly writtenAtMillis: number } | undefined): string =>
  of === undefined || of.writtenAtMillis === 0
    ? ""
    : ` (${new Date(of.writtenAtMillis).toISOString()})`

/** What to do about a loss. */
export const lossAdvice = (directory: string, { isAll }: Loss): string =>
  isAll
    ? `${restoreAdvice}, or name another directory for a new market`
    : `Nothing was changed. ${restoreAdvice}; or, to go on without what is lost, keep a copy of the folder and run: evenkeel accept-loss --data ${directory}`
