/** What a request has the market told of; what the market does not take is the answer to it. */
import type { Fact, MarketDriver } from "../driver/market-driver.ts"
import { rejected } from "./refusals.ts"

/** Tells the market. Throws the error of what it rejects. */
export const submittingTo =
  ({ submit }: Pick<MarketDriver, "submit">) =>
  (fact: Fact): void => {
    const rejection = submit(fact)
    if (rejection !== undefined) throw rejected(rejection)
  }
