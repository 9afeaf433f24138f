/**
 * Trust (rule 7). "Trust unlocks higher bounty multipliers" (002): the best tier whose online time
 * and health are both met. A tier is lost when health falls below its bound, and regained as before.
 */
import type { Rules } from "../economy/rules.ts"

/** Highest bounty multiplier × 100 for this online time and health (hundredths). */
export const bountyCapHundredths = (
  rules: Rules,
  onlineMicros: number,
  healthHundredths: number,
): number => {
  let cap = 100
  for (const tier of rules.trustTiers)
    if (onlineMicros >= tier.onlineMicros && healthHundredths >= tier.minHealthHundredths)
      cap = Math.max(cap, tier.capHundredths)
  return cap
}
