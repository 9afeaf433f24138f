/**
 * What is audited: a literal economy and its hardened form, with what is promised of them and how they are
 * attacked.
 */
import type { AttackPlan } from "./attack-catalogue.ts"
import { attackPlans } from "./attack-catalogue.ts"
import type { ClaimPlan } from "./claim-catalogue.ts"
import { claimPlans } from "./claim-catalogue.ts"
import { hostPriceAttacks } from "./host-price-attacks.ts"
import { hostPriceClaims } from "./host-price-claims.ts"
import { hoursAttacks } from "./hours-attacks.ts"
import { hoursClaims } from "./hours-claims.ts"
import { promiseAttacks } from "./promise-attacks.ts"
import { queueAttacks } from "./queue-attacks.ts"
import { queueClaims } from "./queue-claims.ts"
import { promiseClaims } from "./promise-claims.ts"

export interface AuditBook {
  /** The literal economy first. */
  readonly economies: ReadonlyArray<string>
  readonly claims: ReadonlyArray<ClaimPlan>
  readonly attacks: ReadonlyArray<AttackPlan>
  /** What an attack is to raise, and that of which a two-hundredth counts as nothing: metrics. */
  readonly profit: string
  readonly pay: string
  /** Whether honesty is promised to pay in the long term, and self-dealing has a frontier of bounties. */
  readonly hasLongTerm: boolean
  readonly hasFrontier: boolean
}

/** Where hosts live by calls. */
const byPay = { profit: "party.subject.profit", pay: "party.subject.share" }

/** By the name of the literal economy. */
export const auditBooks = {
  pooled: {
    economies: ["pooled", "hardened"],
    claims: claimPlans,
    attacks: attackPlans,
    ...byPay,
    hasLongTerm: true,
    hasFrontier: true,
  },
  infrintia: {
    economies: ["infrintia", "infrintia-hardened"],
    claims: hostPriceClaims,
    attacks: hostPriceAttacks,
    ...byPay,
    hasLongTerm: false,
    hasFrontier: false,
  },
  aitbc: {
    economies: ["aitbc", "aitbc-hardened"],
    claims: [...hoursClaims, ...promiseClaims, ...queueClaims],
    attacks: [...hoursAttacks, ...promiseAttacks, ...queueAttacks],
    profit: "party.subject.gain",
    pay: "party.subject.gain",
    hasLongTerm: false,
    hasFrontier: false,
  },
} as const satisfies Readonly<Record<string, AuditBook>>
export type AuditBookName = keyof typeof auditBooks
export const auditBookNames = Object.keys(auditBooks) as ReadonlyArray<AuditBookName>

/** What can be audited: ids of promises and attacks, `frontier` and `long-term` among them. */
export const idsIn = ({
  claims,
  attacks,
  hasLongTerm,
  hasFrontier,
}: AuditBook): ReadonlyArray<string> => [
  ...claims.map(({ id }) => id),
  ...(hasLongTerm ? ["long-term"] : []),
  ...attacks.map(({ id }) => id),
  ...(hasFrontier ? ["frontier"] : []),
]
