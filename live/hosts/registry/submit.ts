/** What operators and hosts do, told to the market. */
import type { Fact, MarketDriver } from "../../driver/market-driver.ts"

/** Everything that the kernel could refuse was checked before. */
export const mustSubmit = ({ submit }: Pick<MarketDriver, "submit">, fact: Fact): void => {
  const rejection = submit(fact)
  if (rejection !== undefined) throw new Error(`hosts: ${fact._tag} was rejected: ${rejection}`)
}
