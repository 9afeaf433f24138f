import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { openReader } from "../../../../live/store/sqlite/open-store.ts"
import { sqliteLayer } from "../../../../platform/sqlite-client.ts"
import { openedStore, temporaryFolder } from "../../support/data-directory.ts"
import { runningGateway } from "../../support/gateway.ts"

const database = "market.sqlite"
const journal = `${database}-journal`

/** A folder whose database has half of a transaction, and beside it the journal that undoes it. */
const cutOff = async (): Promise<string> => {
  const from = temporaryFolder()
  const folder = join(temporaryFolder(), "data")
  mkdirSync(folder)
  await Effect.runPromise(
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* sql.unsafe("PRAGMA user_version = 1")
      yield* sql.unsafe("PRAGMA cache_size = 1")
      yield* sql.unsafe("BEGIN")
      yield* sql.unsafe("CREATE TABLE half (bytes BLOB)")
      for (let row = 0; row < 50; row++)
        yield* sql.unsafe("INSERT INTO half VALUES (randomblob(8000))")
      for (const name of [database, journal]) cpSync(join(from, name), join(folder, name))
      yield* sql.unsafe("ROLLBACK")
    }).pipe(Effect.provide(sqliteLayer({ filename: join(from, database), mode: "create" }))),
  )
  return folder
}

const read = (folder: string) =>
  Effect.runPromise(
    Effect.scoped(openReader(folder)).pipe(Effect.asVoid, Effect.provide(NodeContext.layer)),
  )

describe("a first start that was cut off while the database was made", () => {
  it("is undone by the next start, and until then readers say what to do", async () => {
    const folder = await cutOff()
    await expect(read(folder)).rejects.toThrow(
      /a start of its gateway was cut off.*start the gateway/,
    )
    const { store } = await openedStore(folder)
    expect(existsSync(join(folder, journal))).toBe(false)
    expect(
      await Effect.runPromise(
        store.reader.unsafe("SELECT name FROM sqlite_schema WHERE name = 'half'"),
      ),
    ).toEqual([])
    await read(folder)
  })
})

describe("a lock that cannot be taken", () => {
  it("says why where no other process has it", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "lock.sqlite"), "no database".repeat(1000))
    await expect(openedStore(folder)).rejects.toThrow(/lock\.sqlite: .*not a database/)
  })
})

describe("a directory with keys and no market", () => {
  it("is refused as often as it is started, and nothing is made in it", async () => {
    const folder = temporaryFolder()
    const data = join(folder, "data")
    mkdirSync(data)
    writeFileSync(join(data, "master.keys"), "")
    for (let start = 1; start <= 2; start++) {
      await expect(runningGateway({}, folder), `start ${start}`).rejects.toThrow(
        /its market is gone .* master\.keys is there/,
      )
      expect(readdirSync(data).filter((name) => !name.startsWith("lock."))).toEqual(["master.keys"])
    }
  })
})
