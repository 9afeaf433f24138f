/** Data directories for tests: opened, looked at, and copied as a crash would leave them. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Exit, Scope } from "effect"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach } from "vitest"
import type { StoreBroken } from "../../../live/store/errors.ts"
import type { SqliteStore } from "../../../live/store/sqlite/sqlite-store.ts"
import { openStore } from "../../../live/store/sqlite/open-store.ts"

const cleanups: Array<() => Promise<void> | void> = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** An empty folder that is removed after the test. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-live-"))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const kept: Array<string> = []
afterAll(() => {
  for (const folder of kept.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** An empty folder that is removed after all tests of the file. */
export const keptFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-live-"))
  kept.push(folder)
  return folder
}

export interface OpenedStore {
  readonly store: SqliteStore
  /** Writes what is queued and lets the folder go. */
  readonly close: () => Promise<void>
}

export const openedStore = async (
  folder: string,
  // Fails the test that runs.
  onBroken: (error: StoreBroken) => void = (error) =>
    queueMicrotask(() => {
      throw error
    }),
): Promise<OpenedStore> => {
  const scope = await Effect.runPromise(Scope.make())
  const store = await Effect.runPromise(
    openStore(folder, onBroken).pipe(
      Scope.extend(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
      Effect.provide(NodeContext.layer),
    ),
  )
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await Effect.runPromise(Scope.close(scope, Exit.void))
    isOpen = false
  }
  cleanups.push(close)
  return { store, close }
}

/** The folder as a crash at this instant would leave it: what is committed, and nothing else. */
export const crashImage = (folder: string, image = temporaryFolder()): string => {
  for (const name of ["market.sqlite", "market.sqlite-wal", "market.head"])
    cpSync(join(folder, name), join(image, name))
  return image
}
