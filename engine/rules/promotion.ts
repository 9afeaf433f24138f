/** Promotion: the gift on every new account. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { nonNegative, oneOf } from "../core/setting.ts"
import { minorOf } from "../core/units.ts"

export const promotionKnobs = {
  grantCredits: knob(nonNegative("credits"), {
    default: 5,
    unit: "credits",
    meaning: "Gift on every new account; spent first, never withdrawable, earns no bounty.",
    source: "002: on every new account, so you can call the gateway before you buy or earn",
  }),
  budgetCredits: knob(nonNegative("credits"), {
    default: 100_000,
    unit: "credits",
    meaning: "What the platform gives away in total; grants stop when it is spent.",
    source: "ours",
  }),
  giftsPay: knob(oneOf("earnings", "gifts"), {
    default: "earnings",
    unit: "lot",
    meaning:
      "What the part of a call that a gift paid is to its provider: earnings, or a gift that it may only spend.",
    source:
      "002: spending it pays the node as usual; hardened: gifts, so that farming sign-ups brings nothing home",
  }),
} as const

export const compilePromotion = ({
  promotion,
  money,
}: {
  readonly promotion: KnobValues<typeof promotionKnobs>
  readonly money: { readonly scale: number }
}) =>
  ({
    grantMinor: minorOf(promotion.grantCredits, money.scale),
    promotionMinor: minorOf(promotion.budgetCredits, money.scale),
    doGiftsStayGifts: promotion.giftsPay === "gifts",
  }) as const
