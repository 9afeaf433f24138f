/**
 * What a host does for the hours that it sold, as the heartbeats' answers tell: gives access where it is
 * asked for, says so, and ends it. What fails is tried again at the next heartbeat, which asks for it again.
 */
import type { DeliveryStart, HostBooking } from "../../protocol/hours-protocol.ts"
import type { AgentEvent } from "../plan/options.ts"
import type { GrantHooks } from "./hooks.ts"

export interface GrantsOptions {
  readonly hooks: GrantHooks
  /** Tells the gateway that access was given; rejects where it refuses. */
  readonly started: (bookingId: string, given: DeliveryStart) => Promise<void>
  readonly say: (event: AgentEvent) => void
}

export interface Grants {
  readonly see: (bookings: ReadonlyArray<HostBooking>) => void
  /** Resolves once nothing of it is under way. */
  readonly settled: () => Promise<void>
}

export const makeGrants = ({ hooks, started, say }: GrantsOptions): Grants => {
  const given = new Map<string, HostBooking>()
  const ended = new Set<string>()
  const underWay = new Map<string, Promise<void>>()

  const work = (booking: HostBooking, what: string, act: () => Promise<void>): void => {
    const { booking_id: id } = booking
    if (underWay.has(id)) return
    const run = act()
      .catch((error: Error) => {
        say({ type: "notice", detail: `${what} of booking ${id} failed: ${error.message}` })
      })
      .finally(() => underWay.delete(id))
    underWay.set(id, run)
  }
  const give = (booking: HostBooking): void =>
    work(booking, "The start", async () => {
      const { access, probeUrl } = await hooks.start(booking)
      await started(booking.booking_id, {
        ...(access === undefined ? {} : { access }),
        ...(probeUrl === undefined ? {} : { probe_url: probeUrl }),
      })
      given.set(booking.booking_id, booking)
      say({ type: "granted", bookingId: booking.booking_id, until: booking.end })
    })
  const end = (booking: HostBooking): void =>
    work(booking, "The end", async () => {
      await hooks.stop(booking)
      given.delete(booking.booking_id)
      ended.add(booking.booking_id)
      say({ type: "revoked", bookingId: booking.booking_id })
    })

  return {
    see: (bookings) => {
      const listed = new Set(bookings.map(({ booking_id }) => booking_id))
      for (const booking of bookings) {
        const { booking_id: id, state } = booking
        if (state === "revoke") {
          if (!ended.has(id)) end(booking)
        } else if (!given.has(id)) give(booking)
      }
      // Told of no more: it has ended while this agent did not hear of it.
      for (const [id, booking] of given) if (!listed.has(id)) end(booking)
      for (const id of ended) if (!listed.has(id)) ended.delete(id)
    },
    settled: async () => {
      await Promise.all(underWay.values())
    },
  }
}
