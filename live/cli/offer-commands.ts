/** `evenkeel contract …`, `evenkeel reservation …`: terms that a provider offers one client. `evenkeel sla`: what came of it. */
import { Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type {
  ContractView,
  OfferState,
  ReservationView,
  SlaPeriod,
  SlaStanding,
} from "../protocol/contracts-protocol.ts"
import { offerStates } from "../protocol/contracts-protocol.ts"
import { numberIn, numberOf, optionalText, present } from "./given.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"
import { slaText } from "./tables.ts"

type Offer = ContractView | ReservationView

/** What both kinds of offers take. */
const offerOptions = {
  gpuId: Parameter.text("gpu-id", "ID", "Your machine, as `evenkeel gpu list` has it."),
  client: Parameter.text("client", "ID", "Account of the client, acct_…."),
  availability: optionalText(
    "availability",
    "SHARE",
    "Guaranteed: least share of a period that it is up, such as 0.95.",
  ),
  noPenalties: Parameter.flag("no-penalties", "Nothing goes back where that is not kept."),
  start: optionalText(
    "start",
    "TIME",
    "When, ISO 8601 with an offset or Z; by default when accepted.",
  ),
  extend: optionalText("extend", "ID", "The client's booking that it goes on from."),
  jobs: optionalText("jobs", "N", "Jobs at once."),
}

const termsFrom = (given: Command.Given<typeof offerOptions>) =>
  Effect.gen(function* () {
    return present({
      gpu_id: given.gpuId,
      client_id: given.client,
      guaranteed_availability: yield* numberIn("--availability", given.availability),
      sla_penalties: given.noPenalties ? false : undefined,
      start: Option.getOrUndefined(given.start),
      extends: Option.getOrUndefined(given.extend),
      jobs: yield* numberIn("--jobs", given.jobs),
    })
  })

const offered = (
  given: Parameters<typeof marketOf>[0] & { readonly json: boolean },
  kind: "contracts" | "reservations",
  wish: object,
) =>
  Effect.gen(function* () {
    const market = yield* marketOf(given)
    const headers = { "idempotency-key": randomUUID() }
    const offer = (yield* asking(market, () =>
      market.api.ask("POST", `/marketplace/${kind}`, wish, headers),
    )) as Offer
    return yield* printResult(given.json, offer, () => offerText(offer))
  })

const contractOffer = Command.make({
  parameters: {
    ...offerOptions,
    hours: Parameter.text("hours", "N", "One run of so many hours."),
    rate: Parameter.text("rate", "CREDITS", "Credits an hour for each job."),
    memory: optionalText("memory", "GIB", "Memory; by default the whole machine's."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const wish = {
        ...(yield* termsFrom(given)),
        duration_hours: yield* numberOf("--hours", given.hours),
        fixed_rate: given.rate,
        ...present({ memory_gib: yield* numberIn("--memory", given.memory) }),
      }
      return yield* offered(given, "contracts", wish)
    }),
})

const reservationOffer = Command.make({
  parameters: {
    ...offerOptions,
    memory: Parameter.text("memory", "GIB", "Memory that is kept for the client."),
    duration: Parameter.text("duration", "30d", "For how long, such as 30d or 12h."),
    fee: Parameter.text("fee", "CREDITS", "Credits for all of it."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const wish = {
        ...(yield* termsFrom(given)),
        reserved_gpu_memory: yield* numberOf("--memory", given.memory),
        reservation_duration: given.duration,
        reservation_fee: given.fee,
      }
      return yield* offered(given, "reservations", wish)
    }),
})

type Kind = "contract" | "reservation"

const listCommand = (kind: Kind) =>
  Command.make({
    parameters: {
      id: optionalText(`${kind}-id`, "ID", "This one alone."),
      gpuId: optionalText("gpu-id", "ID", "Only of this machine."),
      state: optionalText("state", "STATE", `Only those that stand so: ${offerStates.join(", ")}.`),
      ...marketOptions,
      json: jsonOption,
    },
    run: (given) =>
      Effect.gen(function* () {
        const market = yield* marketOf(given)
        if (Option.isSome(given.id)) {
          const path = `/marketplace/${kind}s/${encodeURIComponent(given.id.value)}`
          const offer = (yield* asking(market, () => market.api.ask("GET", path))) as Offer
          return yield* printResult(given.json, offer, () => offerText(offer))
        }
        const query = new URLSearchParams({ limit: "200" })
        const state = Option.getOrUndefined(given.state)
        if (state !== undefined) {
          if (!offerStates.includes(state as OfferState))
            return yield* new UsageError({
              argument: `--state ${state}`,
              allowed: `expected one of ${offerStates.join(", ")}`,
            })
          query.set("state", state)
        }
        if (Option.isSome(given.gpuId)) query.set("gpu_id", given.gpuId.value)
        const page = (yield* asking(market, () =>
          market.api.ask("GET", `/marketplace/${kind}s?${query.toString()}`),
        )) as { readonly data: ReadonlyArray<Offer> }
        return yield* printResult(given.json, page, () => offersText(kind, page.data))
      }),
  })

const answerCommand = (kind: Kind, answer: "accept" | "decline" | "withdraw") =>
  Command.make({
    parameters: {
      id: Parameter.text(`${kind}-id`, "ID", `The ${kind}, as \`evenkeel ${kind} list\` has it.`),
      ...marketOptions,
      json: jsonOption,
    },
    run: (given) =>
      Effect.gen(function* () {
        const market = yield* marketOf(given)
        const path = `/marketplace/${kind}s/${encodeURIComponent(given.id)}/${answer}`
        const offer = (yield* asking(market, () => market.api.ask("POST", path))) as Offer
        return yield* printResult(given.json, offer, () => offerText(offer))
      }),
  })

const groupOf = <E, R>(kind: Kind, offering: string, offer: Command.Command<E, R>) =>
  Command.group([
    Command.listed("offer", offering, async () => offer),
    Command.listed("list", `Your ${kind}s, as client and as provider.`, async () =>
      listCommand(kind),
    ),
    Command.listed(
      "accept",
      `Accept a ${kind}: its price is held, and it is a booking.`,
      async () => answerCommand(kind, "accept"),
    ),
    Command.listed("decline", `Decline a ${kind} that you were offered.`, async () =>
      answerCommand(kind, "decline"),
    ),
    Command.listed("withdraw", `Take back a ${kind} that nobody has answered.`, async () =>
      answerCommand(kind, "withdraw"),
    ),
  ])

export const contractCommand = groupOf(
  "contract",
  "Offer a client hours of your machine at a fixed rate.",
  contractOffer,
)
export const reservationCommand = groupOf(
  "reservation",
  "Offer to keep memory of your machine for a client.",
  reservationOffer,
)

export const slaCommand = Command.make({
  parameters: {
    bookingId: Parameter.text("booking-id", "ID", "The booking, as `evenkeel bookings` has it."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const path = `/marketplace/bookings/${encodeURIComponent(given.bookingId)}/sla`
      const standing = (yield* asking(market, () => market.api.ask("GET", path))) as SlaStanding
      return yield* printResult(given.json, standing, () => standingText(standing))
    }),
})

const idOf = (offer: Offer): string =>
  "contract_id" in offer ? offer.contract_id : offer.reservation_id

const rateText = (offer: Offer): string =>
  "contract_id" in offer ? `${offer.fixed_rate} credits/h` : `${offer.reservation_fee} credits`

const offersText = (kind: Kind, offers: ReadonlyArray<Offer>): string =>
  offers.length === 0
    ? `No ${kind}s.`
    : alignColumns([
        [kind, "as", "machine", "hours", "price", "state", "answer by"],
        ...offers.map((offer) => [
          idOf(offer),
          offer.side,
          printable(offer.gpu),
          String(Math.round(offer.hours * 100) / 100),
          offer.price,
          offer.state,
          offer.answer_by ?? "–",
        ]),
      ])

const offerText = (offer: Offer): string =>
  alignColumns([
    ["contract_id" in offer ? "contract" : "reservation", idOf(offer)],
    ["machine", `${printable(offer.gpu)} (${offer.gpu_id})`],
    ["client", offer.client_id],
    ["state", offer.state],
    [
      "hours",
      `${offer.hours}, ${offer.start === null ? "from when it is accepted" : `from ${offer.start}`}`,
    ],
    ["what", `${offer.memory_gib} GiB, ${offer.jobs} ${offer.jobs === 1 ? "job" : "jobs"} at once`],
    ["price", `${offer.price}: ${rateText(offer)}`],
    ["promised", offer.promised === null ? "nothing" : slaText(offer.promised)],
    ...(offer.maintenance.length === 0
      ? []
      : [
          [
            "maintenance",
            offer.maintenance.map(({ from, until }) => `${from} – ${until}`).join(", "),
          ],
        ]),
    ...(offer.answer_by === null ? [] : [["answer by", offer.answer_by]]),
    ...(offer.booking_id === null ? [] : [["booking", offer.booking_id]]),
  ])

const percent = (share: number | null): string =>
  share === null ? "–" : `${Math.round(share * 100_000) / 1000}%`

const seconds = (value: number | null): string =>
  value === null ? "–" : `${Math.round(value * 1000) / 1000} s`

type Measured = Omit<SlaPeriod, "period" | "at">

const rowOf = (name: string, one: Measured): ReadonlyArray<string> => [
  name,
  percent(one.availability),
  `${Math.round(one.up_seconds)} of ${Math.round(one.expected_seconds)} s`,
  `${Math.round(one.excused_seconds)} s`,
  percent(one.completion_rate),
  `${one.successes} of ${one.successes + one.failures}`,
  seconds(one.mean_response_seconds),
  one.refund,
]

const standingText = (standing: SlaStanding): string => {
  const { promised, periods, running } = standing
  if (promised === null) return `Nothing was promised with ${standing.booking_id}.`
  return [
    alignColumns([
      ["booking", standing.booking_id],
      ["promised", slaText(promised)],
      ["now", standing.is_up === null ? "not running" : standing.is_up ? "up" : "down"],
      [
        "given back",
        `${standing.refund} credits, for ${standing.breaches} of ${periods.length} periods`,
      ],
      ...standing.maintenance.map(({ from, until }) => ["maintenance", `${from} – ${until}`]),
    ]),
    ...(periods.length === 0 && running === null ? [] : ["", periodsText(standing)]),
  ].join("\n")
}

const periodsText = ({ periods, running }: SlaStanding): string =>
  alignColumns([
    ["period", "up", "", "excused", "completed", "calls", "begins in", "refund"],
    ...periods.map((one) => rowOf(String(one.period), one)),
    ...(running === null ? [] : [rowOf("running", running)]),
  ])
