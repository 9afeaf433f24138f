/** What calls with a key were charged, from the receipts on disk. */
import { Effect } from "effect"
import { microsPerHour } from "../../engine/index.ts"
import type { KeyRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"

/** More keys than an account has used since then. */
const mostKeys = 100_000

/** Minor units from a moment of the market on, by the keys' ids. */
const spentByKey = (
  { driver, store }: Pick<LiveServices, "driver" | "store">,
  account: number,
  fromMicros: number,
): Effect.Effect<ReadonlyMap<number, number>, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    yield* durably(driver)
    const rows = yield* store.usage({
      account,
      by: ["key"],
      fromMicros,
      lengthMicros: microsPerHour,
      originMicros: 0,
      count: mostKeys,
    })
    return new Map(rows.map(({ key, charge }) => [key, charge]))
  })

/** Of a key with a limit, since that was set; minor units. */
export const spentOfLimit = (
  services: Pick<LiveServices, "driver" | "store">,
  { id, account = -1, limit }: KeyRecord,
): Effect.Effect<number, StoreBroken | StoreFault> =>
  Effect.map(spentByKey(services, account, limit?.fromMicros ?? 0), (spent) => spent.get(id) ?? 0)
