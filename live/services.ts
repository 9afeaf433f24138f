/** What the parts of the gateway work on. Made once, when a market is opened. */
import type { LiveConfig } from "./config.ts"
import type { MarketDriver } from "./driver/market-driver.ts"
import type { Directory } from "./store/records.ts"
import type { Store } from "./store/store.ts"

export interface LiveServices {
  readonly config: LiveConfig
  readonly driver: MarketDriver
  readonly directory: Directory
  readonly store: Store
  /** Unix time, ms: for what people read. What the rules see is the driver's clock. */
  readonly nowMillis: () => number
}
