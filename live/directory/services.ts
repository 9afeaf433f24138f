/** What the parts of the gateway work on. Made once, when a market is opened. */
import { Context } from "effect"
import type { LiveConfig } from "../config/config.ts"
import type { MarketDriver } from "../driver/market-driver.ts"
import type { Sessions } from "./sessions.ts"
import type { UploadWays } from "./upload-ways.ts"
import type { Directory } from "./directory.ts"
import type { MarketStore } from "../store/store.ts"

export interface LiveServices {
  readonly config: LiveConfig
  readonly driver: MarketDriver
  readonly directory: Directory
  readonly store: MarketStore
  /** Who is signed in on the gateway's own pages. */
  readonly sessions: Sessions
  /** Whether the tokens of hosts that poll come through. */
  readonly uploads: UploadWays
  /** Unix time, ms: for what people read. What the rules see is the driver's clock. */
  readonly nowMillis: () => number
}

export class Live extends Context.Tag("evenkeel/LiveServices")<Live, LiveServices>() {}
