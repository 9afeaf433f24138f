/** When the market's zero of time was, to show its times as Unix time. */
import { Effect } from "effect"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { LiveServices } from "../directory/services.ts"

const millisPerSecond = 1000
const microsPerMilli = 1000

export const secondsOf = (millis: number): number => Math.floor(millis / millisPerSecond)

/** Unix time, s, of a moment of the market. */
export type UnixTime = (atMicros: number) => number

/** Unix time at which the market was opened, ms. A market that says nothing of it is taken by the clocks. */
export const readOpenedAtMillis = ({
  driver,
  store,
  nowMillis,
}: LiveServices): Effect.Effect<number, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    yield* durably(driver)
    const meta = yield* store.meta
    return (
      meta?.openedAtMillis ?? Math.round(nowMillis() - driver.clock.nowMicros() / microsPerMilli)
    )
  })

export const readMarketTime = (
  services: LiveServices,
): Effect.Effect<UnixTime, StoreBroken | StoreFault> =>
  Effect.map(
    readOpenedAtMillis(services),
    (openedAtMillis) => (atMicros) => secondsOf(openedAtMillis + atMicros / microsPerMilli),
  )
