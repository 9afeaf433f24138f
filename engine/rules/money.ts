/** Money: whole minor units, and the platform's part of every call. The formulas are in `price.ts`. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { basisPoints, wholeBetween } from "../core/setting.ts"

export const moneyKnobs = {
  scale: knob(wholeBetween("decimal places", 0, 9), {
    default: 6,
    unit: "decimal places",
    meaning: "A credit is 10^scale minor units; all money is whole minor units.",
    source: "ours: finer than any price per token, and a balance may still reach 9 billion credits",
  }),
} as const

/** The platform's fee stands at the top of an economy, since it is the first knob anyone turns. */
export const feeBpsKnob = knob(basisPoints, {
  default: 1200,
  unit: "bps of gross",
  meaning: "The platform's part of every paid call; the rest is the provider's.",
  source: "000: the platform takes a 12% fee",
})

export const compileMoney = ({
  money,
  feeBps,
}: {
  readonly money: KnobValues<typeof moneyKnobs>
  readonly feeBps: number
}) => ({ scale: money.scale, feeBps }) as const
