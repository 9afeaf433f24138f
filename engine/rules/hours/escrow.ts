/** Escrow: when the hours of a booking are paid for, for how much of them, and what either side stands for. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { nonNegative, oneOf, positive, share } from "../../core/setting.ts"
import { microsOf } from "../../core/units.ts"

export const escrowKnobs = {
  confirm: knob(oneOf("coordinator", "consumer"), {
    default: "coordinator",
    unit: "rule",
    meaning:
      "Who confirms delivery: the market itself as soon as it ends, or the consumer, and the market where it says nothing.",
    source: "001: in its diagram the coordinator confirms completion",
  }),
  confirmHours: knob(positive("hours"), {
    default: 24,
    unit: "h",
    meaning:
      "How long a consumer has to confirm or dispute, before the market confirms by evidence.",
    source: "AITBC's implementation declares 24 hours",
  }),
  periodHours: knob(nonNegative("hours"), {
    default: 0,
    unit: "h",
    meaning:
      "Hours are measured and paid for by periods of this length; 0: the booking as a whole.",
    source: "ours: or the last hour decides over all of them",
  }),
  payFor: knob(oneOf("completed", "delivered"), {
    default: "completed",
    unit: "rule",
    meaning:
      "What is paid for: a period that was delivered to its end, all or nothing; or the hours delivered.",
    source: "001: confirm completion, then release; hardened: delivered",
  }),
  evidence: knob(oneOf("heartbeats", "probes"), {
    default: "heartbeats",
    unit: "rule",
    meaning:
      "By what delivery is measured: the heartbeats of the machine, or these and the market's own probes of what was granted.",
    source:
      "AITBC's implementation goes by heartbeats; hardened: probes, or any cheap box can answer for the machine",
  }),
  bondHours: knob(nonNegative("hours"), {
    default: 0,
    unit: "h of the booking's price",
    meaning:
      "What a provider must hold, of credits that it bought or earned, for each booking that it sells.",
    source: "ours: or it costs nothing to sell hours and not to deliver them",
  }),
  penaltyHours: knob(nonNegative("hours"), {
    default: 1,
    unit: "h of the booking's price",
    meaning: "What the consumer gets out of the bond where a provider cancels or does not show up.",
    source: "ours",
  }),
  forfeitShare: knob(share, {
    default: 0,
    unit: "share of the price of the hours ahead",
    meaning:
      "What of the bond a provider loses to the platform that ends or disputes a running booking, or whose machine is lost: a part of the price of the hours ahead, of penaltyHours at most.",
    source: "ours: or whoever has shown up leaves for a better buyer at no cost",
  }),
  cancelFeeHours: knob(nonNegative("hours"), {
    default: 0,
    unit: "h of the booking's price",
    meaning: "What a consumer pays that cancels within a day of the start.",
    source: "ours: or calendars are held free of charge, and given back when it is too late",
  }),
  startGraceMinutes: knob(positive("minutes"), {
    default: 15,
    unit: "min",
    meaning: "How late delivery may start before the provider counts as not shown up.",
    source: "ours",
  }),
  lostGraceMinutes: knob(positive("minutes"), {
    default: 15,
    unit: "min",
    meaning: "How long a machine may be away during a booking before it counts as lost.",
    source: "ours",
  }),
  lostShare: knob(share, {
    default: 0.05,
    unit: "share of the booking",
    meaning: "The same as a part of the booking's length; the longer of the two counts.",
    source: "003: guaranteed_availability 0.95",
  }),
} as const

export const compileEscrow = ({ escrow }: { readonly escrow: KnobValues<typeof escrowKnobs> }) =>
  ({
    isConfirmedByConsumer: escrow.confirm === "consumer",
    confirmMicros: microsOf(escrow.confirmHours * 3600),
    periodMicros: escrow.periodHours === 0 ? Infinity : microsOf(escrow.periodHours * 3600),
    isPaidByHour: escrow.payFor === "delivered",
    areProbesEvidence: escrow.evidence === "probes",
    bondMicros: microsOf(escrow.bondHours * 3600),
    penaltyMicros: microsOf(escrow.penaltyHours * 3600),
    forfeitBps: Math.round(escrow.forfeitShare * 10_000),
    cancelFeeMicros: microsOf(escrow.cancelFeeHours * 3600),
    startGraceMicros: microsOf(escrow.startGraceMinutes * 60),
    lostGraceMicros: microsOf(escrow.lostGraceMinutes * 60),
    lostShare: escrow.lostShare,
  }) as const
