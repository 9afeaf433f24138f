/**
 * How many accounts one address may open: each comes with a gift, so opening many is a way to drain
 * it. A bucket for each address, refilled evenly over an hour; memory is bounded, the address that
 * was seen longest ago is forgotten first.
 */
import { partyOf } from "../http/client-address.ts"

const millisPerHour = 3_600_000
const maxAddresses = 100_000

export interface SignUpLimit {
  /** Takes one sign-up; gives 0, or the seconds until the address may open another account. */
  readonly take: (address: string, nowMillis: number) => number
}

interface Bucket {
  /** In milliseconds' worth, so that it stays whole: a sign-up costs an hour's. */
  readonly left: number
  readonly atMillis: number
}

export const makeSignUpLimit = (perHour: number): SignUpLimit => {
  const buckets = new Map<string, Bucket>()
  const full = perHour * millisPerHour
  const take = (address: string, nowMillis: number): number => {
    const party = partyOf(address)
    const { left, atMillis } = buckets.get(party) ?? { left: full, atMillis: nowMillis }
    const now = Math.min(full, left + Math.max(0, nowMillis - atMillis) * perHour)
    const isAllowed = now >= millisPerHour
    buckets.delete(party)
    buckets.set(party, { left: isAllowed ? now - millisPerHour : now, atMillis: nowMillis })
    if (buckets.size > maxAddresses) forgetOldest()
    return isAllowed ? 0 : Math.ceil((millisPerHour - now) / perHour / 1000)
  }
  const forgetOldest = (): void => {
    const [oldest] = buckets.keys()
    if (oldest !== undefined) buckets.delete(oldest)
  }
  return { take }
}
