/** What a node costs its operator: electricity where it is owned, rent where it is rented. */
import type { Strategy } from "../../agents/strategy.ts"
import { hourlyCostUsd, rentUsd } from "../../fleet/offers.ts"
import type { Setting } from "../stage/setting.ts"

export const hourlyCostCredits = (
  { scenario: { operators }, offers }: Setting,
  device: number,
  { isRented }: Strategy,
): number => {
  const owned = hourlyCostUsd(offers.devices[device], operators.electricityUsdPerKwh)
  const usd = isRented ? (rentUsd(offers.devices[device]) ?? owned) : owned
  return usd / operators.creditUsd
}
