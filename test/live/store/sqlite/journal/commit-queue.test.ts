import { describe, expect, it, vi } from "vitest"
import type { Command, MarketEvent } from "../../../../../engine/index.ts"
import type { JournalEntry } from "../../../../../live/store/journal.ts"
import { StoreBroken } from "../../../../../live/store/errors.ts"
import { crashImage, openedStore, temporaryFolder } from "../../../support/data-directory.ts"
import { Effect } from "effect"

const event: MarketEvent = { _tag: "TimerFired", at: 7 }
const post = (amount: number): Command => ({
  _tag: "Post",
  kind: "charge",
  debit: 6,
  credit: 9,
  amount,
  reference: 1,
})
const entry = (digest: string, commands: ReadonlyArray<Command> = []): JournalEntry => ({
  event,
  commands,
  digest,
})

const digestsIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const { store } = await openedStore(folder)
  const rows = await Effect.runPromise(
    store.reader.unsafe<{ readonly digest: string }>("SELECT digest FROM journal ORDER BY seq"),
  )
  return rows.map(({ digest }) => digest)
}

describe("group commit", () => {
  it("has on disk what it called durable, in order, with the postings apart", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    const { queue, reader } = store
    queue.append(entry("a", [post(3), { _tag: "Measure", instance: 4 } as Command, post(5)]))
    queue.append(entry("b"))
    expect(queue.backlog()).toBe(2)
    await queue.durable()
    expect(queue.backlog()).toBe(0)
    expect(queue.lastSeq()).toBe(2)
    const image = crashImage(folder)
    queue.append(entry("c"))
    expect(await digestsIn(image)).toEqual(["a", "b"])
    const postings = await Effect.runPromise(
      reader.unsafe("SELECT seq, line, amount, at FROM postings ORDER BY seq, line"),
    )
    expect(postings).toEqual([
      { seq: 1, line: 0, amount: 3, at: 7 },
      { seq: 1, line: 1, amount: 5, at: 7 },
    ])
    const [row] = await Effect.runPromise(
      reader.unsafe<{ readonly commands: string }>("SELECT commands FROM journal WHERE seq = 1"),
    )
    expect(JSON.parse(row.commands)).toEqual([{ _tag: "Measure", instance: 4 }])
  })

  it("shares one commit among all who wait, and durable means everything before it", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    let commits = 0
    const waits = Array.from({ length: 500 }, (_, index) => {
      store.queue.append(entry(`e${index}`))
      return store.queue.durable().then(() => void (commits += 1))
    })
    await Promise.all(waits)
    expect(commits).toBe(500)
    expect(await digestsIn(crashImage(folder))).toHaveLength(500)
    await store.queue.durable()
  })

  it("writes soon what nobody waits for, and at once with it what somebody does", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    const groups: Array<number> = []
    store.queue.onCommit((rows) => void groups.push(rows))
    store.queue.append(entry("a hold"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(store.queue.backlog()).toBe(1)
    store.queue.append(entry("its charge"))
    await store.queue.durable()
    expect(groups).toEqual([2])
    store.queue.append(entry("awaited by nobody"))
    await vi.waitFor(() => expect(groups).toEqual([2, 1]))
    expect(await digestsIn(crashImage(folder))).toHaveLength(3)
  })

  it("writes what is queued when it is closed, and takes nothing after", async () => {
    const folder = temporaryFolder()
    const { store, close } = await openedStore(folder)
    store.queue.append(entry("last"))
    await close()
    expect(() => store.queue.append(entry("late"))).toThrow(/after it was closed/)
    expect(await digestsIn(folder)).toEqual(["last"])
  })

  it("breaks for good where a commit keeps failing, tells all who wait, and keeps the group whole", async () => {
    const folder = temporaryFolder()
    const broken: Array<StoreBroken> = []
    const { store } = await openedStore(folder, (error) => void broken.push(error))
    store.queue.append(entry("good"))
    await store.queue.durable()
    store.queue.append(entry("with a bad statement"))
    store.queue.write("INSERT INTO nowhere VALUES (1)", [])
    await expect(store.queue.durable()).rejects.toBeInstanceOf(StoreBroken)
    store.queue.append(entry("after"))
    await expect(store.queue.durable()).rejects.toBeInstanceOf(StoreBroken)
    expect(broken.map(({ message }) => message)).toEqual([
      "The data directory cannot be written: SQLITE_ERROR: no such table: nowhere",
    ])
    expect(await digestsIn(crashImage(folder))).toEqual(["good"])
  })

  it("lets one process at a time into a data directory", async () => {
    const folder = temporaryFolder()
    const first = await openedStore(folder)
    await expect(openedStore(folder)).rejects.toThrow(/another process runs a market in it/)
    await first.close()
    const second = await openedStore(folder)
    expect(second.store.queue.lastSeq()).toBe(0)
  })
})
