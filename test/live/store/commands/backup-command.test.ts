import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { backupCommand } from "../../../../live/store/commands/backup-command.ts"
import { temporaryFolder } from "../../support/data-directory.ts"
import { runningGateway, sqliteOf } from "../../support/gateway.ts"
import { runCommand } from "../../../support/run-command.ts"

const backup = (from: string, to: string): Promise<string | undefined> =>
  Effect.runPromise(
    runCommand(backupCommand, [from, to, "--json"]).pipe(
      Effect.as(undefined),
      Effect.catchAll((error) =>
        Effect.succeed("message" in error ? error.message : String(error)),
      ),
      Effect.provide(NodeContext.layer),
    ),
  )

describe("a backup", () => {
  it("of a market that runs is a whole market, with its keys, for its owner alone", async () => {
    const gateway = await runningGateway()
    const { api_key: key } = (await (
      await fetch(`${gateway.url}/accounts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "before the backup" }),
      })
    ).json()) as { readonly api_key: string }
    const folder = temporaryFolder()
    const from = join(gateway.folder, "data")
    const to = join(folder, "data")
    expect(await backup(from, to)).toBeUndefined()
    expect(statSync(to).mode & 0o077).toBe(0)
    for (const name of ["market.sqlite", "market.head", "master.keys"])
      expect(statSync(join(to, name)).mode & 0o777, name).toBe(0o600)
    expect(readFileSync(join(to, "master.keys"), "utf8")).toBe(
      readFileSync(join(from, "master.keys"), "utf8"),
    )

    const copy = await runningGateway({}, folder)
    expect(copy.opened.isNew).toBe(false)
    const account = await fetch(`${copy.url}/account`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(await account.json()).toMatchObject({ name: "before the backup" })
  })

  it("that was cut off is none, and does not keep the next one from being made", async () => {
    const gateway = await runningGateway()
    const from = join(gateway.folder, "data")
    const to = join(temporaryFolder(), "data")
    // What a backup leaves that is killed while it writes.
    mkdirSync(`${to}.unfinished`)
    writeFileSync(join(`${to}.unfinished`, "market.sqlite"), "")
    expect(existsSync(to)).toBe(false)
    expect(await backup(from, to)).toBeUndefined()
    expect(existsSync(`${to}.unfinished`)).toBe(false)
    expect(statSync(join(to, "market.sqlite")).size).toBeGreaterThan(4096)
  })

  it("of a market that is damaged or lacks something is none", async () => {
    const gateway = await runningGateway()
    const from = join(gateway.folder, "data")
    const to = join(temporaryFolder(), "data")
    sqliteOf(gateway).queue.write("UPDATE journal SET at = at + 1", [])
    await gateway.services.store.durable()
    expect(await backup(from, to)).toMatch(/is damaged: table journal, group \d+, entries/)
    await gateway.stop()
    rmSync(join(from, "market.sqlite"))
    expect(await backup(from, to)).toMatch(/its market is gone/)
    expect(existsSync(to)).toBe(false)
  })

  it("leaves nothing under its name where it fails", async () => {
    const gateway = await runningGateway()
    const from = join(gateway.folder, "data")
    const keys = join(from, "master.keys")
    rmSync(keys)
    mkdirSync(keys)
    const to = join(temporaryFolder(), "data")
    expect(await backup(from, to)).toMatch(/master\.keys/)
    expect(existsSync(to)).toBe(false)
  })

  it("is refused where there is nothing to copy, or something in the way", async () => {
    const folder = temporaryFolder()
    expect(await backup(folder, join(folder, "copy"))).toMatch(/holds no market/)
    expect(await backup(folder, folder)).toMatch(/is there already/)
  })
})
