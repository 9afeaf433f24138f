/** A live market in a data directory of its own, as the server opens it; it can be opened again. */
import type { FastifyInstance, FastifyPluginAsync } from "fastify"
import { Effect, Either } from "effect"
import { afterEach } from "vitest"
import type { EconomyPatch } from "../../../engine/index.ts"
import { deriveEconomy, pooled } from "../../../engine/index.ts"
import { makeKey } from "../../../live/directory/keys.ts"
import type { LiveConfig } from "../../../live/config/config.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import type { Clock } from "../../../live/driver/clock.ts"
import { systemClock } from "../../../live/driver/clock.ts"
import { makeMarketDriver } from "../../../live/driver/market-driver.ts"
import { openMarket } from "../../../live/driver/recovery.ts"
import { buildServer } from "../../../live/http/server/server.ts"
import { loadSessions } from "../../../live/directory/sessions.ts"
import { makeUploadWays } from "../../../live/directory/upload-ways.ts"
import type { LiveServices } from "../../../live/directory/services.ts"
import { loadDirectory } from "../../../live/directory/directory.ts"
import { Store } from "../../../live/store/store.ts"
import { openedStore, temporaryFolder } from "./data-directory.ts"

export interface StoredMarket extends LiveServices {
  readonly folder: string
  /** Secret of an admin key. */
  readonly adminKey: string
  /** Ends the market as an orderly stop does. */
  readonly close: () => Promise<void>
}

export interface StoredMarketOptions {
  readonly folder?: string
  readonly knobs?: EconomyPatch
  readonly config?: Partial<LiveConfig>
  readonly clock?: Clock
  readonly nowMillis?: () => number
}

export const openStoredMarket = async (
  options: StoredMarketOptions = {},
): Promise<StoredMarket> => {
  const { folder = temporaryFolder(), nowMillis = Date.now } = options
  const economy = Either.getOrThrow(
    deriveEconomy(pooled, { ramp: { start: 1 }, ...options.knobs } satisfies EconomyPatch),
  )
  const { store, close } = await openedStore(folder)
  const { engine, meta } = await Effect.runPromise(
    Effect.provideService(
      openMarket(economy, () => "test", nowMillis()),
      Store,
      store,
    ),
  )
  const clock = options.clock ?? systemClock(meta.openedAtMillis, engine.market.now)
  const driver = makeMarketDriver(engine, clock, store)
  const directory = await Effect.runPromise(Effect.provideService(loadDirectory, Store, store))
  const services = {
    config: { ...defaultConfig, ...options.config },
    driver,
    directory,
    store,
    sessions: await Effect.runPromise(Effect.provideService(loadSessions(nowMillis), Store, store)),
    uploads: makeUploadWays(),
    nowMillis,
  }
  const adminKey = makeKey(services, { role: "admin", name: "test" }).secret
  await driver.durable()
  return {
    ...services,
    folder,
    adminKey,
    close: async () => {
      driver.stop()
      await close()
    },
  }
}

const servers: Array<FastifyInstance> = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A server with these plugins, as `evenkeel serve` builds it; closed after the test. */
export const serverOf = async (
  { config }: LiveServices,
  ...plugins: ReadonlyArray<FastifyPluginAsync>
): Promise<FastifyInstance> => {
  const server = await buildServer({
    config,
    plugins,
    logger: false,
    onFault: (error) => {
      throw error
    },
  })
  servers.push(server)
  return server
}

interface Answer {
  readonly status: number
  readonly body: Record<string, never>
}

/** One call with a key; gives status and body. */
export const call = async (
  server: FastifyInstance,
  key: string | undefined,
  method: "GET" | "POST" | "DELETE",
  url: string,
  body?: unknown,
): Promise<Answer> => {
  const answer = await server.inject({
    method,
    url,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    ...(body === undefined ? {} : { payload: body as object }),
  })
  return { status: answer.statusCode, body: answer.json() }
}
