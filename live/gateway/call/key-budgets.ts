/**
 * What the calls of a key with a limit may still cost: the limit, less what they were charged since it
 * was set, less the most that those under way can cost. What was charged comes from the receipts, so
 * that a limit outlives the process; calls at once cannot overdraw it.
 */
import { Effect } from "effect"
import type { KeyRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import { HttpError } from "../../http/http-error.ts"
import type { StoreBroken, StoreFault } from "../../store/errors.ts"
import { creditsOf, mostCostOf } from "../../views/credits.ts"
import { spentOfLimit } from "../../views/key-spending.ts"
import type { CallOrder } from "./call.ts"

export interface KeyBudgets {
  /** Reads what a key has spent, where that is not known. To be waited for before `reserve`. */
  readonly read: (key: KeyRecord) => Effect.Effect<void, StoreBroken | StoreFault>
  /** Keeps the most that a call can cost; gives what frees it again. Throws where that is too much. */
  readonly reserve: (key: KeyRecord, order: CallOrder) => () => void
  /** A call with the key was charged so much. */
  readonly charged: (key: number, minor: number) => void
}

interface Budget {
  /** When the limit was set that this is about, µs. */
  readonly fromMicros: number
  spent: number
  reserved: number
}

/** Of keys with a limit; by their ids. */
export const makeKeyBudgets = (services: LiveServices): KeyBudgets => {
  const budgets = new Map<number, Budget>()
  const known = ({ id, limit }: KeyRecord): Budget | undefined => {
    const budget = budgets.get(id)
    return budget?.fromMicros === limit?.fromMicros ? budget : undefined
  }
  return {
    read: (key) =>
      Effect.gen(function* () {
        const { id, limit } = key
        if (limit === undefined || known(key) !== undefined) return
        const spent = yield* spentOfLimit(services, key)
        // Another call may have read it meanwhile, and have gone on.
        if (known(key) === undefined)
          budgets.set(id, { fromMicros: limit.fromMicros, spent, reserved: 0 })
      }),
    reserve: (key, order) => {
      const { limit } = key
      const budget = known(key)
      // A call inside a booking costs nothing.
      if (limit === undefined || budget === undefined || order.booking !== undefined)
        return () => {}
      const { market } = services.driver
      const most = mostCostOf(market, order)
      const left = limit.minor - budget.spent - budget.reserved
      if (most > left) throw limitReached(services, limit.minor, most, left)
      budget.reserved += most
      let isFreed = false
      return () => {
        if (!isFreed) budget.reserved -= most
        isFreed = true
      }
    },
    charged: (key, minor) => {
      const budget = budgets.get(key)
      if (budget !== undefined) budget.spent += minor
    },
  }
}

const limitReached = (
  { driver: { market } }: LiveServices,
  limit: number,
  most: number,
  left: number,
): HttpError =>
  new HttpError({
    status: 402,
    type: "insufficient_quota",
    code: "key_limit_reached",
    message: `This key may spend ${creditsOf(market, limit)} credits, of which ${creditsOf(market, Math.max(0, left))} are left; the call could cost ${creditsOf(market, most)}. Ask for fewer tokens, or have the limit raised`,
  })
