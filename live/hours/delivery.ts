/**
 * What a host is asked for and answers: each heartbeat is answered with the bookings that it is to give
 * access to, or to end it for. What it gives for the consumer is kept sealed until access ends.
 */
import type { BookingView as KernelView } from "../../engine/index.ts"
import {
  bookingView,
  instanceView,
  listingView,
  microsPerHour,
  microsPerSecond,
  nodeView,
} from "../../engine/index.ts"
import type { BookingRecord, HostRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Vault } from "../hosts/credentials/vault.ts"
import type { HostHours } from "../hosts/host-hours.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import { EndpointRefused } from "../hosts/network-guard.ts"
import { refusedAddress } from "../hosts/refused-address.ts"
import { badRequest } from "../http/http-error.ts"
import type { DeliveryStart, HostBooking } from "../protocol/hours-protocol.ts"
import { mostAccessBytes } from "../protocol/hours-protocol.ts"
import { gibOf } from "./memory.ts"
import type { History } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { rejected } from "./refusals.ts"

/** How long a host is told that a booking has ended: its agent may have been away. */
const toldMicros = microsPerHour
const leastBeatSeconds = 1

export interface DeliveryParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly history: History
  readonly vault: Vault
  readonly guard: NetworkGuard
}

export interface Delivery {
  readonly hostHours: HostHours
  /** The host has given access; said again, it gives another one. */
  readonly start: (booking: BookingRecord, given: DeliveryStart) => Promise<void>
}

export const makeDelivery = (parts: DeliveryParts): Delivery => {
  const { services, calendar, history, vault, guard } = parts
  const { directory, driver } = services
  /** Bookings that ended of late, the oldest first. */
  const ended = new Map<number, number>()
  driver.addTaker((command, at) => {
    if (command._tag !== "Revoke") return
    ended.set(command.booking, at)
    for (const [booking, since] of ended) {
      if (since + toldMicros > at) break
      ended.delete(booking)
    }
  })
  const now = driver.clock.nowMicros()
  for (const { id, revokedAt = -Infinity } of directory.bookings.all())
    if (revokedAt + toldMicros > now) ended.set(id, revokedAt)

  const stateOf = (kernel: KernelView | undefined): HostBooking["state"] | undefined => {
    if (kernel?.phase === "active") return "active"
    return kernel?.phase === "held" && kernel.isGranted ? "grant" : undefined
  }
  const told = (booking: BookingRecord, state: HostBooking["state"]): HostBooking => ({
    booking_id: booking.publicId,
    state,
    start: calendar.isoOf(booking.startAt),
    end: calendar.isoOf(booking.endAt),
    jobs: booking.jobs,
    memory_gib: gibOf(booking.memoryMib),
    consumer: directory.accounts.get(booking.account)?.publicId ?? "",
  })

  /** Streams at once that the gateway's own measurements found the host to serve; `undefined` where there are none. */
  const streamsMeasured = (id: number): number | undefined => {
    const { market } = driver
    const found = (nodeView(market, id)?.instances ?? [])
      .map((instance) => instanceView(market, instance)?.measuredSlots ?? 0)
      .filter((slots) => slots > 0)
    return found.length === 0 ? undefined : Math.max(...found)
  }

  /** No more jobs than streams that were measured; of a host that serves no calls its word is all there is. */
  const measure = ({ id }: HostRecord, memoryTotalMib: number | undefined): void => {
    const gpu = directory.gpus.get(id)
    if (gpu === undefined || driver.market.economy.listings.capacity !== "measured") return
    const maxJobs = Math.min(gpu.terms.maxJobs, streamsMeasured(id) ?? Infinity)
    const memoryMib = Math.min(gpu.terms.memoryMib, Math.floor(memoryTotalMib ?? Infinity))
    const listing = listingView(driver.market, id)
    if (listing === undefined || (listing.jobs === maxJobs && listing.memoryMib === memoryMib))
      return
    driver.submit({ _tag: "ListingMeasured", listing: id, maxJobs, memoryMib })
  }

  const hostHours: HostHours = (host, report) => {
    measure(host, report.memory_total_mib)
    const nowMicros = driver.clock.nowMicros()
    const bookings: Array<HostBooking> = []
    let next = Infinity
    for (const booking of history.openOf(host.id)) {
      const state = stateOf(bookingView(driver.market, booking.id))
      if (state !== undefined) bookings.push(told(booking, state))
      const turn = state === undefined ? booking.startAt : booking.endAt
      if (turn > nowMicros) next = Math.min(next, turn)
    }
    for (const [id, since] of ended) {
      if (since + toldMicros <= nowMicros) continue
      const booking = directory.bookings.get(id)
      if (booking?.gpu === host.id) bookings.push(told(booking, "revoke"))
    }
    return {
      bookings,
      // So that the host hears of what comes when it comes.
      withinSeconds: Math.max(leastBeatSeconds, (next - nowMicros) / microsPerSecond),
    }
  }

  const probeUrlOf = async ({ access, probe_url }: DeliveryStart): Promise<string | undefined> => {
    const isGiven = probe_url !== undefined
    const url =
      probe_url ?? (access !== undefined && /^https?:\/\//.test(access) ? access : undefined)
    if (url === undefined) return undefined
    try {
      return (await guard.check(url)).url.href
    } catch (error) {
      // An address for the consumer's eyes need not be one that the gateway may call.
      if (!isGiven && error instanceof EndpointRefused) return undefined
      throw refusedAddress(error, "probe_url", "The address")
    }
  }

  return {
    hostHours,
    start: async ({ id, publicId }, given) => {
      if (given.access !== undefined && Buffer.byteLength(given.access) > mostAccessBytes)
        throw badRequest(`\`access\`: must be at most ${mostAccessBytes} bytes`, "access")
      const probeUrl = await probeUrlOf(given)
      // Looked at after the wait: the booking may have ended meanwhile.
      if (bookingView(driver.market, id)?.phase !== "active") {
        const rejection = history.act(
          { _tag: "DeliveryStarted", booking: id },
          { booking: id, kind: "started", details: {} },
        )
        if (rejection !== undefined) throw rejected(rejection)
      }
      const record = directory.bookings.get(id)
      if (record === undefined) throw new Error("hours: a booking without a record has begun")
      const { probeUrl: _before, ...rest } = record
      history.change({
        ...rest,
        startedAt: record.startedAt ?? driver.market.now,
        ...(given.access === undefined ? {} : { sealedAccess: vault.seal(given.access, publicId) }),
        ...(probeUrl === undefined ? {} : { probeUrl }),
      })
    },
  }
}
