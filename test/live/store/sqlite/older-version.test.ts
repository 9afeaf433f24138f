import { NodeContext } from "@effect/platform-node"
import * as Migrator from "@effect/sql/Migrator"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, vi } from "vitest"
import { createMarket, imageOf, pooled, restoreImage } from "../../../../engine/index.ts"
import { adminKeyCommand } from "../../../../live/directory/admin-key-command.ts"
import { Opened } from "../../../../live/driver/recovery.ts"
import { openedLayer } from "../../../../live/start/open-directory.ts"
import { replayCommand } from "../../../../live/replay/replay-command.ts"
import { steps } from "../../../../live/store/sqlite/schema/migrations.ts"
import { sqliteLayer } from "../../../../platform/sqlite-client.ts"
import { temporaryFolder } from "../../support/data-directory.ts"
import { openStoredMarket } from "../../support/stored-market.ts"
import { runCommand } from "../../../support/run-command.ts"

const entries = 40

/** Runs on `market.sqlite` of a folder, which is made where it is not there. */
const inDatabase = <A>(folder: string, use: Effect.Effect<A, unknown, SqlClient>): Promise<A> =>
  Effect.runPromise(
    use.pipe(
      Effect.provide(sqliteLayer({ filename: join(folder, "market.sqlite"), mode: "create" })),
    ),
  )

type Knobs = Record<string, Record<string, unknown>>

/** A directory as the first version wrote it: no groups, no sums, no head, and fewer knobs. */
const oldDirectory = async (change: (economy: Knobs) => void): Promise<string> => {
  const market = await openStoredMarket({ knobs: { feeBps: 900 } })
  for (let account = 1; account <= entries; account++)
    market.driver.submit({ _tag: "AccountOpened", account })
  await market.store.putSnapshot(market.driver.market)
  await market.driver.durable()
  await market.close()
  const folder = join(temporaryFolder(), "data")
  mkdirSync(folder)
  await inDatabase(
    folder,
    Effect.gen(function* () {
      const sql = yield* SqlClient
      yield* Migrator.make({})({
        loader: Migrator.fromRecord({ "0001_first": steps["0001_first"] }),
      })
      yield* sql.unsafe("ATTACH ? AS written", [join(market.folder, "market.sqlite")])
      for (const table of ["meta", "journal", "postings", "keys"])
        yield* sql.unsafe(`INSERT INTO main.${table} SELECT * FROM written.${table}`)
      yield* sql.unsafe(
        "INSERT INTO main.snapshots SELECT seq, CAST(state AS TEXT) FROM written.snapshots",
      )
      const [{ value }] = yield* sql.unsafe<{ readonly value: string }>("SELECT value FROM meta")
      const meta = JSON.parse(value) as { readonly economy: Knobs }
      change(meta.economy)
      yield* sql.unsafe("UPDATE meta SET value = ?", [JSON.stringify(meta)])
    }),
  )
  return folder
}

const start = (folder: string) =>
  Effect.runPromise(
    Effect.provide(
      Opened,
      openedLayer({
        dataDirectory: folder,
        economy: pooled,
        newSeed: () => "another",
        nowMillis: 0,
        checkedFirstMib: 64,
        onBroken: (error) => {
          throw error
        },
      }),
    ).pipe(Effect.provide(NodeContext.layer)),
  )

type AnyCommand = typeof adminKeyCommand | typeof replayCommand

/** What the command printed; rejects with its error. */
const printedBy = async (command: AnyCommand, ...words: ReadonlyArray<string>): Promise<string> => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {})
  try {
    await Effect.runPromise(
      runCommand(command as typeof replayCommand, words).pipe(Effect.provide(NodeContext.layer)),
    )
    return String(printed.mock.calls[0]?.[0])
  } finally {
    printed.mockRestore()
  }
}

describe("a data directory that an older version wrote", () => {
  const withoutBlame = (economy: Knobs): void => {
    delete economy["blame"]
    delete economy["routing"]["load"]
  }

  it("is carried on with under its own rules, the knobs it did not know at their defaults", async () => {
    const folder = await oldDirectory(withoutBlame)
    for (const replayed of [entries, entries]) {
      const market = await start(folder)
      expect(market.isNew).toBe(false)
      expect(market.replayed).toBe(replayed)
      expect(market.meta.economy).toEqual({
        ...pooled,
        feeBps: 900,
        ramp: { ...pooled.ramp, start: 1 },
      })
    }
  })

  it("replays before it is migrated and after, and takes a new admin key", async () => {
    const folder = await oldDirectory(withoutBlame)
    expect(await printedBy(replayCommand, folder, "--json")).toContain('"replay": "identical"')
    expect(await printedBy(adminKeyCommand, "--data", folder)).toMatch(/^admin key {2}\S+ /)
    expect(await printedBy(replayCommand, folder, "--json")).toContain('"replay": "identical"')
  })

  it("is refused, and not migrated, where its rules cannot be followed", async () => {
    const changes: ReadonlyArray<(economy: Knobs) => void> = [
      (economy) => void (economy["routing"]["shape"] = "round"),
      (economy) => void (economy["routing"]["load"] = "round"),
      (economy) => void (economy["blame"] = 3 as never),
    ]
    for (const change of changes) {
      const folder = await oldDirectory(change)
      const file = readFileSync(join(folder, "market.sqlite"))
      const words = /table meta: economy\.(routing|blame).*a later version of Evenkeel.*backup/
      await expect(start(folder)).rejects.toThrow(words)
      await expect(printedBy(replayCommand, folder)).rejects.toThrow(words)
      await expect(printedBy(adminKeyCommand, "--data", folder)).rejects.toThrow(words)
      expect(readFileSync(join(folder, "market.sqlite"))).toEqual(file)
    }
  })

  it("has snapshots under fewer knobs, which are not taken: the journal is", () => {
    const image = imageOf(createMarket(pooled, "older"))
    const { blame, ...economy } = pooled
    const older = { ...image, outline: { ...(image.outline as object), economy } as never }
    expect(restoreImage(older)._tag).toBe("Left")
  })
})
