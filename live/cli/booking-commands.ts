/** `evenkeel book` and what is done with bookings. */
import { Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import * as Command from "../../platform/terminal/command.ts"
import { jsonOption, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import type { BookingDetails, BookingView } from "../protocol/hours-protocol.ts"
import { numberOf, optionalText } from "./given.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"
import { bookingsText, bookingText } from "./tables.ts"

const lookMillis = 1000

export const bookCommand = Command.make({
  parameters: {
    gpuId: Parameter.text("gpu-id", "ID", "The machine, as `evenkeel gpu list` has it."),
    hours: Parameter.text("hours", "N", "For how many hours."),
    start: optionalText("start", "TIME", "When, ISO 8601 with an offset or Z; by default now."),
    jobs: optionalText("jobs", "N", "Jobs at once; by default the whole machine."),
    memory: optionalText("memory", "GIB", "Memory; by default the whole machine's."),
    maxPrice: optionalText("max-price", "CREDITS", "The most that all of it may cost."),
    wait: Parameter.flag("wait", "Wait until there is access, and show it."),
    quote: Parameter.flag("quote", "Say what it would cost, and book nothing."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const wish = {
        gpu_id: given.gpuId,
        hours: yield* numberOf("--hours", given.hours),
        ...(Option.isNone(given.start) ? {} : { start: given.start.value }),
        ...(Option.isNone(given.jobs) ? {} : { jobs: yield* numberOf("--jobs", given.jobs.value) }),
        ...(Option.isNone(given.memory)
          ? {}
          : { memory_gib: yield* numberOf("--memory", given.memory.value) }),
      }
      if (given.quote) {
        const quote = (yield* asking(market, () =>
          market.api.ask("POST", "/marketplace/quotes", wish),
        )) as { readonly price: string; readonly start: string; readonly end: string }
        return yield* printResult(
          given.json,
          quote,
          () => `${quote.price} credits from ${quote.start} until ${quote.end}`,
        )
      }
      const order = {
        ...wish,
        ...(Option.isNone(given.maxPrice) ? {} : { max_price: given.maxPrice.value }),
      }
      const headers = { "idempotency-key": randomUUID() }
      let booking = (yield* asking(market, () =>
        market.api.ask("POST", "/marketplace/bookings", order, headers),
      )) as BookingView
      const path = `/marketplace/bookings/${booking.booking_id}`
      while (given.wait && (booking.escrow === "held" || booking.escrow === "granted")) {
        yield* Effect.promise(() => pause(lookMillis))
        booking = (yield* asking(market, () => market.api.ask("GET", path))) as BookingView
      }
      return yield* printResult(given.json, booking, () => bookingText(booking))
    }),
})

export const bookingsCommand = Command.make({
  parameters: {
    bookingId: optionalText("booking-id", "ID", "This one alone, with its whole history."),
    gpuId: optionalText("gpu-id", "ID", "Only of this machine."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      if (Option.isSome(given.bookingId)) {
        const id = encodeURIComponent(given.bookingId.value)
        const booking = (yield* asking(market, () =>
          market.api.ask("GET", `/marketplace/bookings/${id}`),
        )) as BookingDetails
        return yield* printResult(given.json, booking, () =>
          [
            bookingText(booking),
            "",
            ...booking.history.map(({ at, step }) => `${at}  ${step.replaceAll("_", " ")}`),
          ].join("\n"),
        )
      }
      const query = new URLSearchParams({ limit: "200" })
      if (Option.isSome(given.gpuId)) query.set("gpu_id", given.gpuId.value)
      const page = (yield* asking(market, () =>
        market.api.ask("GET", `/marketplace/bookings?${query.toString()}`),
      )) as { readonly data: ReadonlyArray<BookingView> }
      return yield* printResult(given.json, page, () => bookingsText(page.data))
    }),
})

const bookingId = Parameter.text("booking-id", "ID", "The booking, as `evenkeel bookings` has it.")

const deedCommand = (deed: string) =>
  Command.make({
    parameters: { bookingId, ...marketOptions, json: jsonOption },
    run: (given) =>
      Effect.gen(function* () {
        const market = yield* marketOf(given)
        const id = encodeURIComponent(given.bookingId)
        const booking = (yield* asking(market, () =>
          market.api.ask("POST", `/marketplace/bookings/${id}/${deed}`),
        )) as BookingView
        return yield* printResult(given.json, booking, () => bookingText(booking))
      }),
  })

const wordedCommand = (deed: string) =>
  Command.make({
    parameters: {
      bookingId,
      statement: optionalText(
        "statement",
        "TEXT",
        "What happened, for the other party and whoever rules.",
      ),
      ...marketOptions,
      json: jsonOption,
    },
    run: (given) =>
      Effect.gen(function* () {
        const market = yield* marketOf(given)
        const id = encodeURIComponent(given.bookingId)
        const words = Option.isNone(given.statement) ? {} : { statement: given.statement.value }
        const booking = (yield* asking(market, () =>
          market.api.ask("POST", `/marketplace/bookings/${id}/${deed}`, words),
        )) as BookingView
        return yield* printResult(given.json, booking, () => bookingText(booking))
      }),
  })

export const confirmCommand = deedCommand("confirm")
export const cancelCommand = deedCommand("cancel")
export const endCommand = deedCommand("end")
export const disputeCommand = wordedCommand("dispute")
export const answerCommand = wordedCommand("answer")
