/**
 * An economy made ready for the hot path: every duration in microseconds, every choice a number or
 * a flag, every derived constant computed once. Each rule compiles its own knobs.
 */
import { microsPerHour } from "../core/units.ts"
import { compileBackpressure } from "../rules/backpressure.ts"
import { compileBlame } from "../rules/blame.ts"
import { compileBounty } from "../rules/bounty.ts"
import { compileBreaker } from "../rules/breaker.ts"
import { compileFlap } from "../rules/flap.ts"
import { compileFloor } from "../rules/floor.ts"
import { compileHealth } from "../rules/health.ts"
import { compileLiveness } from "../rules/liveness.ts"
import { compileMetering } from "../rules/metering.ts"
import { compileMoney } from "../rules/money.ts"
import { compilePricing } from "../rules/pricing/index.ts"
import { compilePromotion } from "../rules/promotion.ts"
import { compileRamp } from "../rules/ramp.ts"
import { compileRouting } from "../rules/routing.ts"
import { compileTrust } from "../rules/trust.ts"
import { compileWithdrawal } from "../rules/withdrawal.ts"
import type { Economy } from "./schema.ts"

export type Rules = ReturnType<typeof compileRules>

export const compileRules = (economy: Economy) => {
  const health = compileHealth(economy)
  const ramp = compileRamp(economy)
  return {
    ...compileMoney(economy),
    ...compilePricing(economy),
    ...compileRouting(economy),
    ...compileBreaker(economy),
    ...compileBackpressure(economy),
    ...compileBlame(economy),
    ...compileFloor(economy),
    ...ramp,
    ...health,
    ...compileTrust(economy),
    ...compileBounty(economy),
    ...compileFlap(economy),
    ...compilePromotion(economy),
    ...compileWithdrawal(economy),
    ...compileMetering(economy),
    ...compileLiveness(economy),
    // How long ago something may be and still make one hour unlike the next.
    memoryHours: Math.max(health.healthHours, Math.ceil(ramp.rampMicros / microsPerHour)),
  } as const
}
