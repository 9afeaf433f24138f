/** Disputes: how long either side has, and what it deposits. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { nonNegative, positive, share } from "../../core/setting.ts"
import { microsOf, microsPerDay, minorOf, mulDivCeil } from "../../core/units.ts"

export const disputeKnobs = {
  answerHours: knob(positive("hours"), {
    default: 48,
    unit: "h",
    meaning: "How long the other party has to answer a dispute; whoever does not loses it.",
    source: "ours: two days",
  }),
  rulingHours: knob(positive("hours"), {
    default: 168,
    unit: "h",
    meaning: "How long an answered dispute may go without a ruling; then the evidence decides.",
    source: "AITBC's implementation declares 7 days",
  }),
  depositShare: knob(share, {
    default: 0,
    unit: "share of what is disputed",
    meaning: "What either party deposits to dispute or to answer; the loser's is lost.",
    source:
      "ours: or a false dispute costs nothing; both deposit or lose by default, as in Kleros' SimpleEscrow",
  }),
  leastDepositCredits: knob(nonNegative("credits"), {
    default: 0.1,
    unit: "credits",
    meaning: "The least such deposit, where there is one.",
    source: "ours",
  }),
  trivialShare: knob(share, {
    default: 0,
    unit: "share of what is disputed",
    meaning: "A ruling that changes no more than this changes nothing: who disputed has lost.",
    source: "ours: or a minor unit of rounding decides who loses a deposit",
  }),
} as const

export const compileDisputes = ({
  disputes,
  money,
}: {
  readonly disputes: KnobValues<typeof disputeKnobs>
  readonly money: { readonly scale: number }
}) =>
  ({
    answerMicros: microsOf(disputes.answerHours * 3600),
    rulingMicros: microsOf(disputes.rulingHours * 3600),
    depositBps: Math.round(disputes.depositShare * 10_000),
    leastDepositMinor:
      disputes.depositShare === 0 ? 0 : minorOf(disputes.leastDepositCredits, money.scale),
    trivialBps: Math.round(disputes.trivialShare * 10_000),
  }) as const
export type DisputeRules = ReturnType<typeof compileDisputes>

/** Whoever has lost so many disputes within so long deposits twice as much. */
export const lossesRemembered = 3
export const lossMemoryMicros = 30 * microsPerDay

/** What a side deposits over an amount, minor units. */
export const depositOf = (rules: DisputeRules, amount: number, losses: number): number => {
  if (rules.depositBps === 0) return 0
  const once = Math.max(rules.leastDepositMinor, mulDivCeil(amount, rules.depositBps, 10_000))
  return losses >= lossesRemembered ? 2 * once : once
}
