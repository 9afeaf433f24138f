/** Withdrawals of earned credits. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { nonNegative } from "../core/setting.ts"
import { minorOf } from "../core/units.ts"

export const withdrawalKnobs = {
  minimumCredits: knob(nonNegative("credits"), {
    default: 10,
    unit: "credits",
    meaning: "Least amount of earned credits that can be withdrawn at once.",
    source: "000: earnings can be withdrawn; the minimum is ours",
  }),
} as const

export const compileWithdrawal = ({
  withdrawal,
  money,
}: {
  readonly withdrawal: KnobValues<typeof withdrawalKnobs>
  readonly money: { readonly scale: number }
}) => ({ minWithdrawalMinor: minorOf(withdrawal.minimumCredits, money.scale) }) as const
