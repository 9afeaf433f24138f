/** Reservations: capacity that is kept for a fee, whether it is used or not. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { flag, oneOf, share, shareAbove0 } from "../../core/setting.ts"
import { microsPerHour } from "../../core/units.ts"

export const reservationKnobs = {
  pays: knob(oneOf("atOnce", "byHour"), {
    default: "atOnce",
    unit: "rule",
    meaning: "When the fee of a reservation is paid: once it is accepted, or hour by hour.",
    source:
      "003: reservation_fee 50 for 30 days; hardened: by the hour, or a machine that leaves keeps all of it",
  }),
  maxRegionShare: knob(shareAbove0, {
    default: 1,
    unit: "share of the region's capacity",
    meaning: "How much of a region's capacity one party may have reserved at a time.",
    source: "ours; hardened: 0.2, or whoever reserves a region sets its price",
  }),
  includesUse: knob(flag, {
    default: true,
    unit: "rule",
    meaning:
      "Whether the fee covers the calls that its holder makes to what it has reserved; if not, they cost what any call costs.",
    source:
      "003 names no further price: 50 for a third of a 24 GB card for 30 days at 0.1 an hour is twice its share already",
  }),
  lendShare: knob(share, {
    default: 0,
    unit: "share of the provider's pay",
    meaning:
      "What the holder of a reservation gets of what items of batches pay that run in its jobs while these are idle; 0: they are lent to nobody.",
    source: "ours; hardened: half, or whoever hoards jobs keeps them from everybody at no loss",
  }),
} as const

export const compileReservations = ({
  reservation,
}: {
  readonly reservation: KnobValues<typeof reservationKnobs>
}) =>
  ({
    isFeeAtOnce: reservation.pays === "atOnce",
    maxReservedShare: reservation.maxRegionShare,
    isUseIncluded: reservation.includesUse,
    lendBps: Math.round(reservation.lendShare * 10_000),
  }) as const

/**
 * What of a fee is for the time until `until`: ⌊fee · k ÷ n⌋ after k whole hours of n, all of it at the end.
 * Minor units.
 */
export const feeUntil = (fee: number, startAt: number, endAt: number, until: number): number => {
  if (until >= endAt) return fee
  const hours = Math.max(0, Math.floor((until - startAt) / microsPerHour))
  return Number((BigInt(fee) * BigInt(hours) * BigInt(microsPerHour)) / BigInt(endAt - startAt))
}
