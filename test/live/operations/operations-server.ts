/** A server of the operations' routes over a market in memory. */
import { openAttempts } from "../../../engine/index.ts"
import { Effect } from "effect"
import type { FastifyInstance } from "fastify"
import { documentation } from "../../../live/operations/documentation.ts"
import type { FeedLimits } from "../../../live/operations/feed.ts"
import { makeFeed } from "../../../live/operations/feed.ts"
import { makeMarketMetrics } from "../../../live/operations/metrics.ts"
import { operationsRoutes } from "../../../live/operations/operations-routes.ts"
import type { Trends } from "../../../live/operations/trends.ts"
import { makeTrends } from "../../../live/operations/trends.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import { manualClock } from "../support/manual-clock.ts"
import type { MarketOptions, TestMarket } from "../support/market.ts"
import { openTestMarket } from "../support/market.ts"
import { serverOf } from "../support/stored-market.ts"

export interface OperationsServer {
  readonly market: TestMarket
  readonly clock: ManualClock
  readonly server: FastifyInstance
  readonly feed: ReturnType<typeof makeFeed>
  readonly metrics: ReturnType<typeof makeMarketMetrics>
  readonly trends: Trends
  readonly phase: { isShuttingDown: boolean }
  readonly get: (url: string) => Promise<{ readonly status: number; readonly body: never }>
  /** One call of an account to the end of its only attempt; gives whether it was dispatched. */
  readonly serve: (
    account: number,
    model: number,
    outcome: "completed" | "upstreamError",
    tokens?: number,
  ) => boolean
}

export const openOperations = async (
  options: MarketOptions & {
    readonly clock?: ManualClock
    readonly limits?: Partial<FeedLimits>
  } = {},
): Promise<OperationsServer> => {
  const clock = options.clock ?? manualClock()
  const market = openTestMarket({ ...options, clock })
  const feed = makeFeed(market, options.limits)
  const metrics = makeMarketMetrics(market)
  const trends = await Effect.runPromise(makeTrends(market, feed.rates))
  const phase = { isShuttingDown: false }
  const server = await serverOf(
    market,
    documentation(market.config),
    metrics.httpPlugin,
    operationsRoutes(market, { metrics, feed, trends, phase }),
  )
  const { driver } = market
  return {
    market,
    clock,
    server,
    feed,
    metrics,
    trends,
    phase,
    get: async (url) => {
      const answer = await server.inject({ method: "GET", url })
      return { status: answer.statusCode, body: answer.json() as never }
    },
    serve: (account, model, outcome, tokens = 10) => {
      const request = driver.nextRequest()
      driver.submit({
        _tag: "RequestArrived",
        request,
        account,
        model,
        inputTokens: 10,
        maxTokens: 100,
      })
      if (!openAttempts(driver.market).some((one) => one.request === request)) return false
      driver.submit({
        _tag: "AttemptEnded",
        request,
        attempt: 0,
        outcome,
        outputTokens: tokens,
        reportedTokens: tokens,
        decodeMicros: 100_000,
        retryAfterMicros: 0,
      })
      return true
    },
  }
}
