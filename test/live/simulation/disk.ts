/**
 * A disk in simulated time: what is queued is committed in groups, a while later and in order. A
 * crash keeps what was committed and drops the rest; the group under way is kept whole or not at
 * all, as the power decides.
 */
import { drawBelow } from "../../../engine/index.ts"
import type { Stream } from "../../../engine/index.ts"
import type { Clock } from "../../../live/driver/clock.ts"
import type { JournalEntry } from "../../../live/store/journal.ts"
import type { CommitQueue } from "../../../live/store/sqlite/commit-queue.ts"

interface Group {
  readonly entries: Array<JournalEntry>
  readonly statements: Array<readonly [string, ReadonlyArray<unknown>]>
  readonly waiting: Array<() => void>
}

export interface Disk {
  readonly queue: CommitQueue
  /** What is on disk, in order. */
  readonly journal: ReadonlyArray<JournalEntry>
  /** Tokens delivered by requests under way, `request/attempt`, as on disk. */
  readonly deliveries: ReadonlyMap<string, number>
  readonly crash: () => void
}

const emptyGroup = (): Group => ({ entries: [], statements: [], waiting: [] })
const slowestMicros = 30_000

export const makeDisk = (clock: Clock, chance: Stream): Disk => {
  const journal: Array<JournalEntry> = []
  const deliveries = new Map<string, number>()
  let open = emptyGroup()
  let underWay: Group | undefined
  let cancel = (): void => {}
  let taken = 0

  const isEmpty = (group: Group): boolean =>
    group.entries.length + group.statements.length + group.waiting.length === 0

  const begin = (): void => {
    if (underWay !== undefined || isEmpty(open)) return
    underWay = open
    open = emptyGroup()
    cancel = clock.wakeAt(clock.nowMicros() + 1 + drawBelow(chance, slowestMicros), () => {
      const group = underWay
      underWay = undefined
      if (group === undefined) return
      keep(group)
      for (const resolve of group.waiting) resolve()
      begin()
    })
  }
  const keep = ({ entries, statements }: Group): void => {
    for (const entry of entries) journal.push(entry)
    for (const [statement, parameters] of statements) run(statement, parameters)
  }
  /** The statements that matter to recovery. */
  const run = (statement: string, parameters: ReadonlyArray<unknown>): void => {
    if (statement.startsWith("INSERT OR REPLACE INTO deliveries")) {
      const [request, attempt, tokens] = parameters as ReadonlyArray<number>
      forget(request)
      deliveries.set(`${request}/${attempt}`, tokens)
    } else if (statement === "DELETE FROM deliveries") deliveries.clear()
    else if (statement.startsWith("DELETE FROM deliveries")) forget(parameters[0] as number)
    else throw new Error(`disk: unknown statement ${statement}`)
  }
  const forget = (request: number): void => {
    for (const key of deliveries.keys()) if (key.startsWith(`${request}/`)) deliveries.delete(key)
  }

  return {
    journal,
    deliveries,
    queue: {
      append: (entry) => {
        taken += 1
        open.entries.push(entry)
        begin()
      },
      write: (statement, parameters) => {
        open.statements.push([statement, parameters])
        begin()
      },
      durable: () => {
        if (underWay === undefined && isEmpty(open)) return Promise.resolve()
        const group = isEmpty(open) && underWay !== undefined ? underWay : open
        return new Promise((resolve) => {
          group.waiting.push(resolve)
          begin()
        })
      },
      backlog: () => open.entries.length + (underWay?.entries.length ?? 0),
      lastSeq: () => taken,
      onCommit: () => {},
      close: () => Promise.resolve(),
    },
    crash: () => {
      cancel()
      if (underWay !== undefined && chance.next() < 0.5) keep(underWay)
      underWay = undefined
      open = emptyGroup()
      taken = journal.length
    },
  }
}
