import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql/SqlClient"
import fc from "fast-check"
import { Effect } from "effect"
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, vi } from "vitest"
import { acceptLossCommand } from "../../../../../live/store/commands/accept-loss-command.ts"
import { sqliteLayer } from "../../../../../platform/sqlite-client.ts"
import { crashImage, openedStore, temporaryFolder } from "../../../support/data-directory.ts"
import { runningGateway } from "../../../support/gateway.ts"
import { runCommand } from "../../../../support/run-command.ts"

const acceptLoss = async (data: string): Promise<string> => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {})
  try {
    return await Effect.runPromise(
      runCommand(acceptLossCommand, ["--data", data]).pipe(
        Effect.map(() => String(printed.mock.calls[0][0])),
        Effect.catchAll((error) =>
          Effect.succeed("message" in error ? String(error.message) : String(error)),
        ),
        Effect.provide(NodeContext.layer),
      ),
    )
  } finally {
    printed.mockRestore()
  }
}

const append = async (
  { queue }: Awaited<ReturnType<typeof openedStore>>["store"],
  digest: string,
): Promise<void> => {
  queue.append({ event: { _tag: "TimerFired", at: 1 }, commands: [], digest })
  await queue.durable()
}

const digestsIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const { store, close } = await openedStore(folder)
  const rows = await Effect.runPromise(
    store.reader.unsafe<{ readonly digest: string }>("SELECT digest FROM journal ORDER BY seq"),
  )
  await close()
  return rows.map(({ digest }) => digest)
}

const head = "market.head"
const copied = (from: string, name: string, to: string): void =>
  cpSync(join(from, name), join(to, name))

describe("how far a market has acknowledged", () => {
  it("is never ahead of the disk, wherever a crash falls between the two", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    await append(store, "a")
    const before = crashImage(folder)
    await append(store, "b")
    const after = crashImage(folder)
    // The group was on disk, and the head did not know yet.
    const between = crashImage(folder)
    copied(before, head, between)
    expect(await digestsIn(between)).toEqual(["a", "b"])
    // The head's write was cut off: half of the slot is the new mark, half of it the old bytes.
    const torn = crashImage(folder)
    const [old, fresh] = [before, after].map((image) => readFileSync(join(image, head)))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: fresh.length }), async (cut) => {
        writeFileSync(join(torn, head), Buffer.concat([fresh.subarray(0, cut), old.subarray(cut)]))
        expect(await digestsIn(torn)).toEqual(["a", "b"])
      }),
      { numRuns: 20 },
    )
  })

  it("is refused where the log ends earlier, with how much is lost and since when, and left as it is", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    await append(store, "a")
    const before = crashImage(folder)
    await append(store, "b")
    store.queue.append({ event: { _tag: "TimerFired", at: 1 }, commands: [], digest: "c" })
    await append(store, "d")
    const lost = crashImage(folder)
    copied(before, "market.sqlite-wal", lost)
    const log = readFileSync(join(lost, "market.sqlite-wal"))
    await expect(openedStore(lost)).rejects.toThrow(
      /: 3 acknowledged entries are lost, in 2 commits: its journal ends at entry 1 \(\d{4}-.*Z\), though entry 4 was acknowledged \(\d{4}-.*Z\)\..* Nothing was changed\. Put a backup in its place.* evenkeel accept-loss --data /,
    )
    expect(readFileSync(join(lost, "market.sqlite-wal"))).toEqual(log)

    expect(await acceptLoss(lost)).toMatch(/Accepted: 3 acknowledged entries are lost/)
    expect(await digestsIn(lost)).toEqual(["a"])
    const { store: again } = await openedStore(lost)
    expect(
      await Effect.runPromise(again.reader.unsafe("SELECT finding, quantity, actor FROM audits")),
    ).toEqual([{ finding: "LossAccepted", quantity: 3, actor: "data directory" }])
    await append(again, "e")
    expect(await digestsIn(crashImage(lost))).toEqual(["a", "e"])
  })

  it("shows where changes are lost that are no entries, such as a key", async () => {
    const folder = temporaryFolder()
    const { store } = await openedStore(folder)
    await append(store, "a")
    const before = crashImage(folder)
    const row = [1, "{}"]
    store.queue.write("INSERT INTO keys (id, record) VALUES (?, ?)", row, {
      table: "keys",
      key: 1,
      row,
    })
    await store.queue.durable()
    copied(folder, head, before)
    await expect(openedStore(before)).rejects.toThrow(
      /acknowledged changes of accounts, keys or hosts are lost, in 1 commit/,
    )
  })

  it("is refused where nobody knows it, and where the journal is another market's", async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()]
    for (const folder of [one, other]) {
      const { store, close } = await openedStore(folder)
      await append(store, folder)
      await close()
    }
    copied(other, head, one)
    await expect(openedStore(one)).rejects.toThrow(/its journal is not the one that market\.head/)
    writeFileSync(join(one, head), "spoiled")
    await expect(openedStore(one)).rejects.toThrow(/market\.head is damaged/)
    rmSync(join(one, head))
    await expect(openedStore(one)).rejects.toThrow(/market\.head is missing/)
    expect(await acceptLoss(one)).toMatch(/Accepted: market\.head is missing/)
    expect(await digestsIn(one)).toEqual([one])
    expect(await acceptLoss(other)).toMatch(/lacks nothing/)
  })

  it("does not accept the loss of everything, nor make a directory", async () => {
    const folder = temporaryFolder()
    const { store, close } = await openedStore(folder)
    await append(store, "a")
    await close()
    rmSync(join(folder, "market.sqlite"))
    await expect(openedStore(folder)).rejects.toThrow(/its market is gone/)
    expect(await acceptLoss(folder)).toMatch(/its market is gone/)
    expect(await acceptLoss(join(folder, "nowhere"))).toMatch(/holds no market/)
  })

  it("is still known where accepting it fails, since the directory is damaged, too", async () => {
    const folder = temporaryFolder()
    const { store, close } = await openedStore(folder)
    await append(store, "a")
    const before = crashImage(folder)
    await append(store, "b")
    copied(folder, head, before)
    await close()
    await Effect.runPromise(
      Effect.flatMap(SqlClient, (sql) =>
        sql.unsafe("INSERT INTO keys (id, record) VALUES (1, '{}')"),
      ).pipe(
        Effect.provide(sqliteLayer({ filename: join(before, "market.sqlite"), mode: "create" })),
      ),
    )
    const known = readFileSync(join(before, head))
    expect(await acceptLoss(before)).toMatch(/table keys: holds 1 rows, though 0 were written/)
    expect(readFileSync(join(before, head))).toEqual(known)
    await expect(openedStore(before)).rejects.toThrow(/1 acknowledged entry is lost/)
  })

  it("that a gateway accepted serves on, and replays", async () => {
    const first = await runningGateway()
    const data = join(first.folder, "data")
    const signUp = async (url: string): Promise<string> => {
      const response = await fetch(`${url}/accounts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "someone" }),
      })
      return ((await response.json()) as { readonly api_key: string }).api_key
    }
    const kept = await signUp(first.url)
    const before = crashImage(data)
    const lost = await signUp(first.url)
    const folder = temporaryFolder()
    cpSync(before, join(folder, "data"), { recursive: true })
    copied(data, head, join(folder, "data"))
    copied(data, "master.keys", join(folder, "data"))
    expect(await acceptLoss(join(folder, "data"))).toMatch(/^Accepted/)
    const second = await runningGateway({}, folder)
    const statusOf = async (key: string): Promise<number> =>
      (await fetch(`${second.url}/account`, { headers: { authorization: `Bearer ${key}` } })).status
    expect([await statusOf(kept), await statusOf(lost)]).toEqual([200, 401])
  })
})
