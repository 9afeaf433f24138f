/**
 * The lives of bookings, from their order to their end: each step is noted as the market takes it, with its
 * figures, and the record of the booking follows. The kernel forgets a booking that is over; this does not.
 *
 * Commands that came before anybody took them, of the market's first event after an outage, are read from
 * the journal. Everything is written in the commit of the event that it tells of.
 */
import { Effect } from "effect"
import type { BookingId, Command, DeclineReason, Market, Rejection } from "../../engine/index.ts"
import { bookingView, slaView } from "../../engine/index.ts"
import type { BookingRecord, OfferRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Fact } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { followCommands } from "./follow-commands.ts"

export type StepKind =
  | "ordered"
  | "granted"
  | "started"
  | "revoked"
  | "ended"
  | "awaiting_confirmation"
  | "confirmed"
  | "disputed"
  | "answered"
  | "awaiting_ruling"
  | "ruled"
  | "judged"
  | "released"
  | "cancelled"
  | "closed"
  | "rated"

/** Of a machine, not of a booking. */
export type MachineStepKind =
  | "alert.firing"
  | "alert.resolved"
  | `${OfferRecord["kind"]}.${"offered" | NonNullable<OfferRecord["outcome"]>}`

/** The booking of what is no step of one: bookings are counted from 1. */
export const noBooking = 0
export const nextBooking = ({ lastBooking }: Pick<Market, "lastBooking">): number =>
  Math.max(noBooking, lastBooking) + 1

type Parties = Pick<BookingRecord, "account" | "provider">

type Details = Readonly<Record<string, unknown>>

interface Step {
  readonly booking: number
  readonly kind: StepKind
  readonly details: Details
  readonly atMicros: number
}

/** An order, before it is known whether it is sold. */
export type OrderRecord = Omit<
  BookingRecord,
  "startAt" | "endAt" | "price" | "drawn" | "fee" | "refund" | "penalty" | "ratePerHour"
>

export interface History {
  /** Sells hours, or says why not. */
  readonly order: (
    order: OrderRecord,
    fact: Extract<Fact, { readonly _tag: "BookingRequested" | "ContractAccepted" }>,
  ) => BookingRecord | DeclineReason | { readonly rejection: Rejection }
  /** What a party does: noted before what follows from it. */
  readonly act: (fact: Fact, step: Omit<Step, "atMicros">) => Rejection | undefined
  /** Tells a machine's provider, and who else is a party to it, of something that is no step of a booking. */
  readonly tellOf: (
    machine: Parties & { readonly gpu: number },
    step: Pick<Step, "details" | "atMicros"> & { readonly kind: MachineStepKind },
  ) => void
  /** Changes a record beside its steps. */
  readonly change: (booking: BookingRecord) => void
  /** Bookings of a machine that are not over. */
  readonly openOf: (gpu: number) => ReadonlyArray<BookingRecord>
  readonly open: () => ReadonlyArray<BookingRecord>
  /** Calls `listener` after each step that was noted. */
  readonly onStep: (listener: (parties: Parties) => void) => void
}

/** To be made before the market takes requests. `before`: the latest entry that was there at the start. */
export const keepHistory = (
  services: LiveServices,
  before: number,
): Effect.Effect<History, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, store } = services
    const { bookings } = directory
    const open = new Map<number, Set<number>>()
    const listeners: Array<(parties: Parties) => void> = []
    /** While a party acts: what follows waits for its turn. */
    let waiting: Array<readonly [Command, number]> | undefined
    let ordered:
      { readonly record: OrderRecord; result?: BookingRecord | DeclineReason } | undefined

    const put = (record: BookingRecord): void => {
      bookings.put(record)
      index(record)
    }
    const index = ({ id, gpu, closedAt }: BookingRecord): void => {
      const all = open.get(gpu) ?? new Set<number>()
      if (closedAt === undefined) open.set(gpu, all.add(id))
      else all.delete(id)
    }
    const note = ({ booking, kind, details, atMicros }: Step): void => {
      const record = bookings.get(booking)
      if (record === undefined) return
      store.noteBookingStep({
        at: atMicros,
        booking,
        listing: record.gpu,
        consumer: record.account,
        provider: record.provider,
        kind,
        figures: JSON.stringify(details),
      })
      for (const listener of listeners) listener(record)
    }
    const changed = (id: BookingId, change: (record: BookingRecord) => BookingRecord): void => {
      const record = bookings.get(id)
      if (record !== undefined) put(change(record))
    }

    const sold = (command: Extract<Command, { readonly _tag: "Book" }>, at: number): void => {
      if (ordered === undefined || ordered.record.id !== command.booking) return
      const { booking: id, startAt, endAt, price, bond } = command
      const ratePerHour = bookingView(driver.market, id)?.ratePerHour ?? 0
      const record: BookingRecord = {
        ...ordered.record,
        startAt,
        endAt,
        price,
        ratePerHour,
        drawn: 0,
        fee: 0,
        refund: 0,
        penalty: 0,
        ...promiseWith(id),
      }
      put(record)
      ordered.result = record
      note({ booking: id, kind: "ordered", details: { price, bond }, atMicros: at })
    }

    const promiseWith = (id: BookingId): Pick<BookingRecord, "sla"> => {
      const level = slaView(driver.market, id)
      if (level === undefined) return {}
      const { terms, maintenance } = level
      const nothing = { upMicros: 0, expectedMicros: 0, breaches: 0, refund: 0 }
      return { sla: { ...terms, maintenance, ...nothing } }
    }

    const take = (command: Command, at: number): void => {
      const step = (booking: number, kind: StepKind, details: Details): void =>
        note({ booking, kind, details, atMicros: at })
      switch (command._tag) {
        case "Book":
          return sold(command, at)
        case "Decline":
          if (ordered?.record.id === command.booking) ordered.result = command.reason
          return
        case "Grant":
          return step(command.booking, "granted", { untilMicros: command.untilMicros })
        case "Revoke":
          // Whoever had access has it no more: neither has the gateway.
          changed(command.booking, ({ sealedAccess: _, probeUrl: __, ...record }) => ({
            ...record,
            revokedAt: at,
          }))
          return step(command.booking, "revoked", { reason: command.reason })
        case "AskConfirmation":
          return step(command.booking, "awaiting_confirmation", {
            untilMicros: command.untilMicros,
          })
        case "AskRuling":
          return step(command.booking, "awaiting_ruling", { untilMicros: command.untilMicros })
        case "Judge": {
          const { _tag: _, booking, responseMicros, ...seen } = command
          changed(booking, withJudged(command))
          const meanResponseMicros = seen.responses === 0 ? 0 : responseMicros / seen.responses
          return step(booking, "judged", { ...seen, meanResponseMicros })
        }
        case "Release": {
          const { booking, period, drawn, fee, share, refund } = command
          changed(booking, (record) => ({
            ...record,
            drawn: record.drawn + drawn,
            fee: record.fee + fee,
          }))
          return step(booking, "released", { period, drawn, fee, share, refund })
        }
        case "Close": {
          const { booking, outcome, price, drawn, refund, penalty } = command
          changed(booking, ({ sealedAccess: _, probeUrl: __, ...record }) => ({
            ...record,
            refund,
            penalty,
            outcome,
            closedAt: at,
          }))
          return step(booking, "closed", { outcome, price, drawn, refund, penalty })
        }
        default:
      }
    }
    const flush = (): void => {
      const held = waiting ?? []
      waiting = undefined
      for (const [command, at] of held) take(command, at)
    }

    for (const record of bookings.all()) index(record)
    yield* followCommands(services, before, (command, at) => {
      if (waiting === undefined) take(command, at)
      else waiting.push([command, at])
    })

    const openOf = (gpu: number): ReadonlyArray<BookingRecord> =>
      [...(open.get(gpu) ?? [])].flatMap((id) => bookings.get(id) ?? [])
    return {
      order: (record, fact) => {
        ordered = { record }
        const rejection = driver.submit(fact)
        const { result } = ordered
        ordered = undefined
        if (rejection !== undefined) return { rejection }
        if (result === undefined) throw new Error("hours: an order was neither sold nor declined")
        return result
      },
      act: (fact, step) => {
        waiting = []
        try {
          const rejection = driver.submit(fact)
          if (rejection === undefined) note({ ...step, atMicros: driver.market.now })
          return rejection
        } finally {
          flush()
        }
      },
      tellOf: ({ gpu, account, provider }, { kind, details, atMicros }) => {
        store.noteBookingStep({
          at: atMicros,
          booking: noBooking,
          listing: gpu,
          consumer: account,
          provider,
          kind,
          figures: JSON.stringify(details),
        })
        for (const listener of listeners) listener({ account, provider })
      },
      change: put,
      openOf,
      open: () => [...open.keys()].flatMap(openOf),
      onStep: (listener) => void listeners.push(listener),
    }
  })

/** With a period that was judged. */
const withJudged =
  ({ upMicros, expectedMicros, refund }: Extract<Command, { readonly _tag: "Judge" }>) =>
  (record: BookingRecord): BookingRecord => {
    const { sla } = record
    if (sla === undefined) return record
    return {
      ...record,
      sla: {
        ...sla,
        upMicros: sla.upMicros + upMicros,
        expectedMicros: sla.expectedMicros + expectedMicros,
        breaches: sla.breaches + (refund > 0 ? 1 : 0),
        refund: sla.refund + refund,
      },
    }
  }
