/**
 * How each instance stands: whether it gets requests, why not, and when or by what that changes. The
 * kernel's own state, in words; anyone may see it.
 */
import { Schema } from "effect"
import type { EligibilityReason, StandingView } from "../../engine/index.ts"
import {
  eligibilityReasons,
  standingView,
  microsPerHour,
  microsPerSecond,
} from "../../engine/index.ts"
import { described } from "../http/fields.ts"
import { proxiesPage } from "../protocol/upload-way.ts"
import type { LiveServices } from "../directory/services.ts"

export const InstanceStatus = Schema.Struct({
  host_id: Schema.String,
  host: described(Schema.String, "The host's name"),
  model: Schema.String,
  breaker: Schema.Literal("closed", "open", "halfOpen"),
  reason: described(Schema.Literal(...eligibilityReasons), "Eligible, or why it gets no requests"),
  recovers: described(Schema.NullOr(Schema.String), "What lets it back in; null: nothing has to"),
  recovers_in_seconds: described(Schema.NullOr(Schema.Number), "Where time alone decides"),
  recent_failures: described(Schema.Int, "Within the breaker's window, at most the threshold"),
  parks: described(Schema.Int, "How often it was parked so far"),
  in_flight: Schema.Int,
  capacity: described(Schema.Int, "Calls at once, as its ramp-up allows now"),
  slots: described(Schema.Int, "Calls at once when fully ramped up"),
  load: described(Schema.Number, "in_flight / capacity"),
  ramp: described(Schema.Number, "0 to 1"),
  health: described(Schema.Number, "0 to 1, over 14 days"),
  tokens_per_second: described(Schema.Number, "Before the ramp"),
  online_hours: Schema.Number,
  max_bounty_multiplier: described(
    Schema.Number,
    "Highest bounty multiplier that its trust allows",
  ),
  payout_reduction: described(Schema.Number, "After a model switch, 0 to 1"),
  uploads_held_back: described(
    Schema.Boolean,
    `Its host's tokens arrive in one go: a proxy between keeps them until they are whole; see ${proxiesPage}`,
  ),
})
export type InstanceStatus = typeof InstanceStatus.Type

const takingCalls: ReadonlySet<string> = new Set<EligibilityReason>([
  "Eligible",
  "Full",
  "RateCapped",
  "Backpressure",
])

/** Does an instance that stands so take calls, now or within moments? */
export const takesCalls = (reason: string): boolean => takingCalls.has(reason)

/** Every instance that the market knows, or those of one model. O(instances). */
export const instanceStatuses = (
  { driver, directory, uploads }: Pick<LiveServices, "driver" | "directory" | "uploads">,
  model?: number,
): ReadonlyArray<InstanceStatus> => {
  const statuses: Array<InstanceStatus> = []
  const { market, clock } = driver
  const now = Math.max(clock.nowMicros(), market.now)
  for (const record of directory.instances.all()) {
    if (record.stoppedAtMillis !== undefined) continue
    const view = standingView(market, record.id, now)
    if (view === undefined || (model !== undefined && view.model !== model)) continue
    const host = directory.hosts.get(record.host)
    if (host === undefined) continue
    statuses.push({
      host_id: host.publicId,
      host: host.name,
      model: directory.models.get(view.model)?.name ?? "",
      ...standingOf(view, now),
      uploads_held_back: uploads.of(host.id) === "heldBack",
    })
  }
  return statuses
}

const standingOf = (
  view: StandingView,
  now: number,
): Omit<InstanceStatus, "host_id" | "host" | "model" | "uploads_held_back"> => {
  const until = view.reasons.find(({ reason }) => reason === view.reason)?.untilMicros
  return {
    breaker: view.breaker,
    reason: view.reason,
    recovers: recoveries[view.reason],
    recovers_in_seconds:
      until === undefined ? null : rounded(Math.max(0, until - now) / microsPerSecond),
    recent_failures: view.recentFailures,
    parks: view.parks,
    in_flight: view.inFlight,
    capacity: view.capacity,
    slots: view.slots,
    load: rounded(view.inFlight / view.capacity),
    ramp: rounded(view.ramp),
    health: view.health,
    tokens_per_second: view.tokensPerSecond,
    online_hours: rounded(view.onlineMicros / microsPerHour),
    max_bounty_multiplier: view.maxMultiplier,
    payout_reduction: rounded(view.reduction),
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

const recoveries: Readonly<Record<EligibilityReason, string | null>> = {
  Eligible: null,
  Inactive: "its next heartbeat",
  Draining: "nothing: its operator is taking it away",
  Suspended: "a new token from its operator; the provider refuses the present one",
  OffSchedule: "its operator, who has made it unavailable for now",
  Booked: "a booking of all of its machine",
  Unverified: "the measurement of its capacity",
  Parked: "the end of the cooldown, and then a probe that succeeds",
  ProbeUnderWay: "the probe, where it succeeds; one that is lost makes way for another",
  BelowFloor: "a probe at or above the floor's readmission rate",
  BelowAccuracy: "a measurement of its accuracy that is as high as its model asks for",
  Backpressure: "the end of the pause that it asked for",
  RateCapped: "its debt of tokens, which drains at its ramped rate",
  Full: "the end of one of its calls",
  Unlisted: "an open offer of its machine by the hour, at whose rate calls are charged",
}
