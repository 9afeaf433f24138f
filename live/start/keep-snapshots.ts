/** When a market's snapshots are written. */
import type { MarketDriver } from "../driver/market-driver.ts"
import type { MarketStore } from "../store/store.ts"

/** A snapshot every so many entries, so that recovery stays short, and one at the end. */
export const keepSnapshots = (
  driver: MarketDriver,
  store: MarketStore,
  entries: number,
): { readonly close: () => Promise<void> } => {
  let next = store.lastSeq() + entries
  let underWay: Promise<void> | undefined
  const write = (): Promise<void> => {
    next = store.lastSeq() + entries
    const written = store.putSnapshot(driver.market).finally(() => {
      underWay = undefined
    })
    underWay = written
    return written
  }
  driver.addTaker(() => {
    if (underWay === undefined && store.lastSeq() >= next) void write()
  })
  return {
    close: async (): Promise<void> => {
      await underWay
      if (!driver.isBroken()) await write()
    },
  }
}
