/** A whole gateway in this process, on a free port and a data directory of its own. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either, Exit, Scope } from "effect"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { configFrom } from "../../../live/config/load-config.ts"
import type { GatewayLayers } from "../../../live/start/layers.ts"
import type { RunningGateway } from "../../../live/start/start.ts"
import { startGateway } from "../../../live/start/start.ts"
import type { SqliteStore } from "../../../live/store/sqlite/sqlite-store.ts"
import { temporaryFolder } from "./data-directory.ts"

export interface TestGateway extends RunningGateway {
  readonly folder: string
  /** Ends it in order. */
  readonly stop: () => Promise<void>
}

/** The store as what it is, for who would spoil it. */
export const sqliteOf = ({ services }: RunningGateway): SqliteStore => services.store as SqliteStore

const models = [
  { name: "small", inputPricePerToken: "0.00001", outputPricePerToken: "0.00002" },
] as const

/**
 * Settings on top of those that suit a test, layers in the place of the machine's; it ends with the test,
 * if not before.
 */
export const runningGateway = async (
  settings: Readonly<Record<string, unknown>> = {},
  folder = temporaryFolder(),
  layers: Partial<GatewayLayers> = {},
): Promise<TestGateway> => {
  const config = Either.getOrThrow(
    configFrom("the test's settings", {
      listen: { port: 0 },
      log: { level: "silent" },
      economy: { preset: "pooled", knobs: { ramp: { start: 1 } } },
      // A busy machine is no reason to fail a test.
      limits: { loopDelayMillis: 0 },
      accounts: { signUpsPerHour: 1000 },
      models,
      ...settings,
    }),
  )
  const scope = await Effect.runPromise(Scope.make())
  const gateway = await Effect.runPromise(
    startGateway({ config, dataDirectory: join(folder, "data"), logger: false }, layers).pipe(
      Scope.extend(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
      Effect.provide(NodeContext.layer),
    ),
  )
  let isRunning = true
  const stop = async (): Promise<void> => {
    if (isRunning) await Effect.runPromise(Scope.close(scope, Exit.void))
    isRunning = false
  }
  onTestFinished(stop)
  return { ...gateway, folder, stop }
}
