/**
 * Trust (docs/rules.md#trust). "Trust unlocks higher bounty multipliers" (002): the best tier whose
 * online time and health are both met. A tier is lost when health falls below its bound, and regained
 * as before.
 */
import { Schema } from "effect"
import { invariant } from "../core/invariant.ts"
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { between, nonNegative } from "../core/setting.ts"
import { microsPerHour } from "../core/units.ts"

export const trustKnobs = {
  tiers: knob(
    Schema.NonEmptyArray(
      Schema.Struct({
        name: Schema.NonEmptyString,
        onlineDays: nonNegative("days"),
        minHealth: between("a score", 0, 1),
        maxMultiplier: between("a multiplier", 1, 100),
      }),
    ).pipe(
      Schema.filter(
        (tiers) =>
          (tiers[0].onlineDays === 0 && tiers[0].minHealth === 0) ||
          "expected the first tier to ask for 0 onlineDays and 0 minHealth, so that everyone has one",
      ),
    ),
    {
      default: [
        { name: "new", onlineDays: 0, minHealth: 0, maxMultiplier: 1.13 },
        { name: "settled", onlineDays: 14, minHealth: 0.95, maxMultiplier: 1.25 },
        { name: "proven", onlineDays: 30, minHealth: 0.95, maxMultiplier: 1.5 },
        { name: "veteran", onlineDays: 90, minHealth: 0.95, maxMultiplier: 2 },
      ],
      unit: "days, score, multiplier",
      meaning: "Highest bounty multiplier by online days and health; the best tier met applies.",
      source: "002: trust unlocks higher bounty multipliers",
    },
  ),
} as const

export interface TrustTier {
  readonly onlineMicros: number
  readonly minHealthHundredths: number
  /** Multiplier × 100. */
  readonly capHundredths: number
}

export const compileTrust = ({ trust }: { readonly trust: KnobValues<typeof trustKnobs> }) =>
  ({
    trustTiers: trust.tiers.map((tier): TrustTier => ({
      onlineMicros: Math.round(tier.onlineDays * 24 * microsPerHour),
      minHealthHundredths: Math.round(tier.minHealth * 100),
      capHundredths: Math.round(tier.maxMultiplier * 100),
    })),
  }) as const

export type TrustRules = ReturnType<typeof compileTrust>

/** Highest bounty multiplier × 100 for this online time and health (hundredths). */
export const bountyCapHundredths = (
  rules: TrustRules,
  onlineMicros: number,
  healthHundredths: number,
): number => {
  invariant(onlineMicros >= 0, "trust is asked for by online time")
  let cap = 100
  for (const tier of rules.trustTiers)
    if (onlineMicros >= tier.onlineMicros && healthHundredths >= tier.minHealthHundredths)
      cap = Math.max(cap, tier.capHundredths)
  return cap
}
