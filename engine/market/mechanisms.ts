/**
 * The mechanisms of the market, in the order in which they have their turn. At the end of an hour,
 * online time counts towards health, and health towards what is paid. Of timers at one instant, those
 * of instances come before those of nodes: what an instance does then, it does while it is there.
 */
import { byOffset } from "../core/by-offset.ts"
import { invariant } from "../core/invariant.ts"
import type { EventTag } from "../protocol/event.ts"
import { eventSchemas } from "../protocol/event.ts"
import { accounts } from "./accounts/mechanism.ts"
import { admission } from "./admission/mechanism.ts"
import { batches } from "./batches/mechanism.ts"
import { bookings } from "./bookings/mechanism.ts"
import { contracts } from "./contracts/mechanism.ts"
import { listings } from "./listings/mechanism.ts"
import { payout } from "./payout/mechanism.ts"
import { presence } from "./presence/mechanism.ts"
import { pricing } from "./pricing/mechanism.ts"
import { queue } from "./queue/mechanism.ts"
import { quality } from "./quality/mechanism.ts"
import { ratings } from "./ratings/mechanism.ts"
import { reputation } from "./reputation/mechanism.ts"
import { requests } from "./requests/mechanism.ts"
import { swarms } from "./swarms/mechanism.ts"
import { sla } from "./sla/mechanism.ts"
import type { Handler, Mechanism, Timers } from "./state/mechanism.ts"

export const mechanisms: ReadonlyArray<Mechanism> = [
  accounts,
  pricing,
  admission,
  presence,
  reputation,
  requests,
  payout,
  listings,
  bookings,
  ratings,
  quality,
  swarms,
  batches,
  queue,
  contracts,
  sla,
]

/** The timers of all of them, in their order. */
export const allTimers: ReadonlyArray<Timers> = mechanisms.flatMap(({ timers }) => timers ?? [])

/** The two events that are about time itself, and belong to the market as a whole (`clock/`). */
export type TimeTag = "TimerFired" | "GatewayResumed"
const timeTags: ReadonlySet<string> = new Set<TimeTag>(["TimerFired", "GatewayResumed"])

type HandlerTable = { readonly [T in Exclude<EventTag, TimeTag>]: Handler<T> }

/** Who takes an event: one mechanism each. */
export const handlersOf = (all: ReadonlyArray<Mechanism>): HandlerTable => {
  const table: Record<string, unknown> = {}
  for (const { takes } of all)
    for (const [tag, handler] of Object.entries(takes)) {
      invariant(!(tag in table), "an event is taken by one mechanism")
      table[tag] = handler
    }
  for (const tag of Object.keys(eventSchemas))
    invariant(tag in table || timeTags.has(tag), "every event is taken by a mechanism")
  return byOffset(table) as unknown as HandlerTable
}

export const handlers = handlersOf(mechanisms)
