/**
 * Contracts and reservations (docs/contracts.md): what a machine's provider offers one client, and what that client
 * answers. An offer is a record from its making on, to the end of its life and after; accepted, it is a booking as any
 * other. Whoever asks the same again, because an answer was lost, gets the same answer.
 */
import { Effect } from "effect"
import type { Command, ContractId, OfferDecline } from "../../engine/index.ts"
import { contractView, maintenanceSpans, microsPerHour } from "../../engine/index.ts"
import type { AccountRecord, OfferRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Fact } from "../driver/market-driver.ts"
import { badRequest, conflict, HttpError, notFound } from "../http/http-error.ts"
import { newPublicId } from "../http/secrets.ts"
import type * as Protocol from "../protocol/contracts-protocol.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { creditsOf } from "../views/credits.ts"
import type { Bookings, Viewer } from "./bookings.ts"
import { followCommands } from "./follow-commands.ts"
import type { Listed } from "./gpus.ts"
import { rateOf } from "./gpus.ts"
import type { History } from "./history.ts"
import { nextBooking } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { gibOf, memoryForSale, mibOf } from "./memory.ts"
import { momentOf } from "./moments.ts"
import { declined, offerDeclined, rejected } from "./refusals.ts"
import { bpsOf, shareOrNull, slaTermsView } from "./sla-terms.ts"

export type OfferKind = OfferRecord["kind"]
export type OfferAnswer = "accept" | "decline" | "withdraw"
type OfferWish = Protocol.ContractOffer | Protocol.ReservationOffer

export interface Offers {
  /** `name`: the provider's own name of the offer. `isNew`: false where it was given before. */
  readonly make: (
    listed: Listed,
    wish: OfferWish,
    name: string | undefined,
  ) => { readonly offer: OfferRecord; readonly isNew: boolean }
  /** Throws 404 where there is none that the viewer is a party to. */
  readonly named: (kind: OfferKind, publicId: string, viewer: Viewer) => OfferRecord
  /** Gives the offer as it stands then. */
  readonly answer: (offer: OfferRecord, by: AccountRecord, answer: OfferAnswer) => OfferRecord
  readonly contractView: (offer: OfferRecord, viewer: Viewer) => Protocol.ContractView
  readonly reservationView: (offer: OfferRecord, viewer: Viewer) => Protocol.ReservationView
}

export interface OfferParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly history: History
  readonly bookings: Bookings
  /** The latest entry of the journal that was there at the start. */
  readonly lastSeq: number
}

/** What both kinds of offers come to. */
type Terms = Pick<OfferRecord, "kind" | "micros" | "jobs" | "memoryMib" | "rate">

/** To be made before the market takes requests. */
export const makeOffers = (parts: OfferParts): Effect.Effect<Offers, StoreBroken | StoreFault> => {
  const { services, calendar, history, bookings, lastSeq } = parts
  const { directory, driver } = services
  const { offers } = directory
  /** What is being offered, before it is known whether it stands; and what is being accepted. */
  let making:
    | {
        readonly record: Omit<OfferRecord, "price" | "answerBy">
        result?: OfferRecord | OfferDecline
      }
    | undefined
  let accepting: { readonly offer: ContractId; readonly booking: number } | undefined

  const tell = (
    { client, gpu, kind, price, provider, publicId }: OfferRecord,
    what: "offered" | NonNullable<OfferRecord["outcome"]>,
    atMicros: number,
    more: object,
  ): void =>
    history.tellOf(
      { gpu, account: client, provider },
      {
        kind: `${kind}.${what}`,
        details: { [`${kind}_id`]: publicId, price, ...more },
        atMicros,
      },
    )

  const take = (command: Command, at: number): void => {
    switch (command._tag) {
      case "Offer": {
        if (making?.record.id !== command.contract) return
        const price = contractView(driver.market, command.contract)?.price ?? 0
        const record = { ...making.record, price, answerBy: command.untilMicros }
        offers.put(record)
        making.result = record
        return tell(record, "offered", at, { untilMicros: command.untilMicros })
      }
      case "DeclineOffer":
        if (making?.record.id === command.contract) making.result = command.reason
        return
      case "CloseOffer": {
        const open = offers.get(command.contract)
        if (open === undefined) return
        const { outcome } = command
        const booking = accepting?.offer === open.id ? accepting.booking : undefined
        offers.put({
          ...open,
          outcome,
          closedAt: at,
          ...(booking === undefined ? {} : { booking }),
        })
        return tell(open, outcome, at, bookingOf(booking))
      }
      default:
    }
  }
  const bookingOf = (booking: number | undefined): object =>
    booking === undefined ? {} : { booking_id: directory.bookings.get(booking)?.publicId }

  const clientOf = ({ host }: Listed, publicId: string): AccountRecord => {
    const client = directory.accountByPublicId(publicId)
    if (client === undefined) throw notFound(`account ${publicId.slice(0, 100)}`)
    if (client.id === host.account)
      throw badRequest(
        "`client_id`: must be another's account; this one sells the machine",
        "client_id",
      )
    return client
  }

  const termsOf = ({ gpu }: Listed, wish: OfferWish): Terms => {
    if ("fixed_rate" in wish)
      return {
        kind: "contract",
        micros: Math.round(wish.duration_hours * microsPerHour),
        jobs: wish.jobs ?? gpu.terms.maxJobs,
        memoryMib: wish.memory_gib === undefined ? memoryForSale(gpu) : mibOf(wish.memory_gib),
        rate: rateOf(services, wish.fixed_rate, "fixed_rate"),
      }
    const { reservation_duration: duration } = wish
    const hours = Number(duration.slice(0, -1)) * (duration.endsWith("d") ? 24 : 1)
    return {
      kind: "reservation",
      micros: hours * microsPerHour,
      jobs: wish.jobs ?? 0,
      memoryMib: mibOf(wish.reserved_gpu_memory),
      rate: rateOf(services, wish.reservation_fee, "reservation_fee"),
    }
  }

  const make: Offers["make"] = (listed, wish, name) => {
    const { gpu, host } = listed
    const terms = termsOf(listed, wish)
    const written = JSON.stringify(
      { ...wish, kind: terms.kind },
      [...Object.keys(wish), "kind"].toSorted(),
    )
    const known = name === undefined ? undefined : directory.offerByName(host.account, name)
    if (known !== undefined) {
      if (known.offer !== written)
        throw conflict(
          "idempotency_key_taken",
          "This Idempotency-Key was given before, with another offer; a new offer needs one of its own",
        )
      return { offer: known, isNew: false }
    }
    const client = clientOf(listed, wish.client_id)
    if (wish.start !== undefined && wish.extends !== undefined)
      throw badRequest("`start`: must be left out where a booking is extended", "start")
    const startAt = wish.start === undefined ? undefined : momentOf(calendar, wish.start, "start")
    const provider = directory.accounts.get(host.account)
    if (provider === undefined) throw new Error("hours: a host without an account")
    const extended =
      wish.extends === undefined ? undefined : bookings.named(wish.extends, provider).id
    const availabilityBps = bpsOf(wish.guaranteed_availability ?? 0)
    const record = {
      ...terms,
      id: Math.max(0, driver.market.lastContract) + 1,
      publicId: newPublicId(terms.kind === "contract" ? "ct" : "rsv"),
      provider: provider.id,
      client: client.id,
      gpu: gpu.id,
      ...(name === undefined ? {} : { name }),
      offer: written,
      availabilityBps,
      hasPenalties: wish.sla_penalties ?? wish.guaranteed_availability !== undefined,
      ...(startAt === undefined ? {} : { startAt }),
      ...(extended === undefined ? {} : { extended }),
      createdAtMillis: services.nowMillis(),
    }
    making = { record }
    const rejection = driver.submit(factOf(record))
    const { result } = making
    making = undefined
    if (rejection !== undefined) throw extended === undefined ? rejected(rejection) : notExtended()
    if (result === undefined) throw new Error("hours: an offer neither stood nor was declined")
    if (typeof result === "string") throw offerDeclined(result, terms.kind)
    return { offer: result, isNew: true }
  }

  const closed = ({ outcome }: OfferRecord): HttpError =>
    conflict(
      "wrong_step",
      outcome === "expired"
        ? "The offer has run out: nobody answered it in time"
        : `The offer was ${outcome}: it is not open any more`,
    )

  const answer: Offers["answer"] = (offer, by, how) => {
    const isProviders = how === "withdraw"
    if (by.id !== (isProviders ? offer.provider : offer.client))
      throw new HttpError({
        status: 403,
        type: "permission_error",
        code: "not_yours_to_do",
        message: `That is for ${isProviders ? "whoever made the offer" : "its client"} to do`,
      })
    if (offer.outcome === outcomeOf[how]) return offer
    if (offer.outcome !== undefined) throw closed(offer)
    if (how === "accept") accept(offer)
    else {
      const fact: Fact = { _tag: "ContractClosed", contract: offer.id, by: by.id }
      // It may have run out just now, which the market says first.
      if (driver.submit(fact) !== undefined) throw closed(again(offer))
    }
    return again(offer)
  }
  const again = ({ id }: OfferRecord): OfferRecord => {
    const offer = offers.get(id)
    if (offer === undefined) throw new Error("hours: an offer is gone while it is answered")
    return offer
  }

  const accept = (offer: OfferRecord): void => {
    const { client, gpu, jobs, memoryMib, provider } = offer
    const id = nextBooking(driver.market)
    accepting = { offer: offer.id, booking: id }
    try {
      const result = history.order(
        {
          id,
          publicId: newPublicId("bk"),
          account: client,
          provider,
          gpu,
          order: "",
          jobs,
          memoryMib,
          createdAtMillis: services.nowMillis(),
          offer: offer.id,
        },
        { _tag: "ContractAccepted", contract: offer.id, booking: id, by: client },
      )
      if (typeof result === "string") throw declined(result)
      if ("rejection" in result)
        throw result.rejection === "UnknownContract"
          ? closed(again(offer))
          : result.rejection === "LinkedClient"
            ? offerDeclined("LinkedClient", offer.kind)
            : rejected(result.rejection)
    } finally {
      accepting = undefined
    }
  }

  const sideOf = (
    { client, provider }: OfferRecord,
    viewer: Viewer,
  ): Protocol.ContractView["side"] | undefined => {
    if (viewer === "admin") return "admin"
    if (client === viewer.id) return "client"
    return provider === viewer.id ? "provider" : undefined
  }

  const credits = (minor: number): string => creditsOf(driver.market, minor)
  const nameOfAccount = (id: number): string => directory.accounts.get(id)?.publicId ?? ""
  const nameOfBooking = (id: number | undefined): string | null =>
    id === undefined ? null : (directory.bookings.get(id)?.publicId ?? null)

  /** What is promised, and the maintenance that is excused: as it was accepted, or as it would be now. */
  const promiseOf = ({ booking: id, gpu, id: contract, micros, startAt }: OfferRecord) => {
    const booking = id === undefined ? undefined : directory.bookings.get(id)
    if (booking !== undefined)
      return { promised: slaTermsView(booking.sla), spans: booking.sla?.maintenance ?? [] }
    const open = contractView(driver.market, contract)
    if (open === undefined) return { promised: null, spans: [] }
    const from = open.startAt ?? startAt ?? driver.clock.nowMicros()
    return {
      promised: slaTermsView(open.promise),
      spans: maintenanceSpans(driver.market, gpu, from, from + micros),
    }
  }

  const viewOf = (offer: OfferRecord, viewer: Viewer) => {
    const side = sideOf(offer, viewer)
    if (side === undefined) throw new Error("hours: an offer is shown to its parties only")
    const host = directory.hosts.get(offer.gpu)
    const { promised, spans } = promiseOf(offer)
    const startAt =
      offer.startAt ??
      (offer.booking === undefined ? undefined : directory.bookings.get(offer.booking)?.startAt) ??
      contractView(driver.market, offer.id)?.startAt
    return {
      gpu_id: host?.publicId ?? "",
      gpu: host?.name ?? "",
      side,
      client_id: nameOfAccount(offer.client),
      provider_id: nameOfAccount(offer.provider),
      state: offer.outcome ?? "offered",
      hours: offer.micros / microsPerHour,
      jobs: offer.jobs,
      memory_gib: gibOf(offer.memoryMib),
      guaranteed_availability: shareOrNull(offer.availabilityBps),
      sla_penalties: offer.hasPenalties,
      promised,
      start: calendar.isoOrNull(startAt),
      extends: nameOfBooking(offer.extended),
      maintenance: spans.map(([from, until]) => ({
        from: calendar.isoOf(from),
        until: calendar.isoOf(until),
      })),
      price: credits(offer.price),
      answer_by: offer.outcome === undefined ? calendar.isoOf(offer.answerBy) : null,
      booking_id: nameOfBooking(offer.booking),
      created_at: new Date(offer.createdAtMillis).toISOString(),
      closed_at: calendar.isoOrNull(offer.closedAt),
    } as const
  }

  return Effect.as(followCommands(services, lastSeq, take), {
    make,
    named: (kind, publicId, viewer) => {
      const offer = directory.offerByPublicId(publicId)
      // Whoever is no party to it is not told that it is there.
      if (offer?.kind !== kind || sideOf(offer, viewer) === undefined)
        throw notFound(`${kind} ${publicId.slice(0, 100)} of yours`)
      return offer
    },
    answer,
    contractView: (offer, viewer) => ({
      contract_id: offer.publicId,
      fixed_rate: credits(offer.rate),
      ...viewOf(offer, viewer),
    }),
    reservationView: (offer, viewer) => ({
      reservation_id: offer.publicId,
      reservation_fee: credits(offer.rate),
      ...viewOf(offer, viewer),
    }),
  })
}

const outcomeOf = {
  accept: "accepted",
  decline: "declined",
  withdraw: "withdrawn",
} as const satisfies Record<OfferAnswer, OfferRecord["outcome"]>

const factOf = (
  record: Omit<OfferRecord, "price" | "answerBy">,
): Extract<Fact, { readonly _tag: "ContractOffered" }> => ({
  _tag: "ContractOffered",
  contract: record.id,
  listing: record.gpu,
  client: record.client,
  by: record.provider,
  micros: record.micros,
  jobs: record.jobs,
  memoryMib: record.memoryMib,
  ...(record.kind === "contract" ? { ratePerHour: record.rate } : { fee: record.rate }),
  availabilityBps: record.availabilityBps,
  hasPenalties: record.hasPenalties,
  ...(record.startAt === undefined ? {} : { startAt: record.startAt }),
  ...(record.extended === undefined ? {} : { extends: record.extended }),
})

const notExtended = (): HttpError =>
  badRequest(
    "`extends`: must be a booking that is not over, of this client and machine, of the same kind, jobs and memory",
    "extends",
  )
