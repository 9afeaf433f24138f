/**
 * A disk in simulated time: what is queued is committed in groups, a while later and in order. A
 * crash keeps what was committed and drops the rest; the group under way is kept whole or not at
 * all, as the power decides.
 */
import { drawBelow } from "../../../engine/index.ts"
import type { Stream } from "../../../engine/index.ts"
import type { Clock } from "../../../live/driver/clock.ts"
import type { JournalEntry } from "../../../live/store/journal.ts"
import type { MarketStore } from "../../../live/store/store.ts"
import { makeMemoryStore } from "../store/memory/memory-store.ts"

interface Group {
  readonly entries: Array<JournalEntry>
  readonly writes: Array<() => void>
  readonly waiting: Array<() => void>
}

export interface Disk {
  /** Its journal and its notes of deliveries are on disk a while later. */
  readonly store: MarketStore
  /** What is on disk, in order. */
  readonly journal: ReadonlyArray<JournalEntry>
  /** Tokens delivered by requests under way, `request/attempt`, as on disk. */
  readonly deliveries: ReadonlyMap<string, number>
  readonly crash: () => void
}

const emptyGroup = (): Group => ({ entries: [], writes: [], waiting: [] })
const slowestMicros = 30_000

export const makeDisk = (clock: Clock, chance: Stream): Disk => {
  const journal: Array<JournalEntry> = []
  const deliveries = new Map<string, number>()
  let open = emptyGroup()
  let underWay: Group | undefined
  let cancel = (): void => {}
  let taken = 0

  const isEmpty = (group: Group): boolean =>
    group.entries.length + group.writes.length + group.waiting.length === 0

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
  const keep = ({ entries, writes }: Group): void => {
    for (const entry of entries) journal.push(entry)
    for (const write of writes) write()
  }
  const write = (change: () => void): void => {
    open.writes.push(change)
    begin()
  }
  const forget = (request: number): void => {
    for (const key of deliveries.keys()) if (key.startsWith(`${request}/`)) deliveries.delete(key)
  }

  return {
    journal,
    deliveries,
    store: {
      ...makeMemoryStore(),
      append: (entry) => {
        taken += 1
        open.entries.push(entry)
        begin()
      },
      noteDelivered: ({ request, attempt, tokens }) =>
        write(() => {
          forget(request)
          deliveries.set(`${request}/${attempt}`, tokens)
        }),
      forgetDelivered: (request) => write(() => forget(request)),
      forgetAllDelivered: () => write(() => deliveries.clear()),
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
