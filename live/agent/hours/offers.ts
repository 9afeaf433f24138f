/** Contracts, reservations and service levels, for either side of them. */
import { isObject } from "../../../platform/json/json-object.ts"
import type {
  ContractView,
  ReservationView,
  SlaStanding,
} from "../../protocol/contracts-protocol.ts"
import type { GpuView } from "../../protocol/hours-protocol.ts"
import { camelised, snaked } from "../transport/camel.ts"
import type { Camel } from "../transport/camel.ts"
import type { JsonApi } from "../transport/json-api.ts"
import { ComputeError } from "../transport/json-api.ts"
import { decimalOf } from "./decimal.ts"

/** Terms of its own that a machine's provider offers one client. */
export type Contract = Camel<ContractView>
export type Reservation = Camel<ReservationView>
/** What was promised with a booking, and what came of it. */
export type BookingSla = Camel<SlaStanding>

/** A target that is left out is no promise. */
export interface SlaTargets {
  /** Share of a period, 0 to 1. */
  readonly availabilityTarget?: number
  /** Seconds until an answer begins. */
  readonly responseTimeTarget?: number
  /** Share of calls, 0 to 1. */
  readonly completionRateTarget?: number
  /** What of a period's price goes back where a promise is not kept, 0 to 1. */
  readonly penaltyRate?: number
}

interface OfferTerms {
  /** Account that may accept it (`acct_…`). */
  readonly clientId: string
  readonly guaranteedAvailability?: number
  readonly slaPenalties?: boolean
  /** Default: when it is accepted. */
  readonly start?: Date | string
  /** The client's booking that it goes on from, instead of `start`. */
  readonly extends?: string
  readonly jobs?: number
  /** Sent again with it, it is the same offer. */
  readonly idempotencyKey?: string
}

export interface ContractTerms extends OfferTerms {
  readonly durationHours: number
  /** Credits an hour for each job. */
  readonly fixedRate: number | string
  readonly memoryGib?: number
}

export interface ReservationTerms extends OfferTerms {
  /** GiB. */
  readonly reservedGpuMemory: number
  readonly reservationDuration: `${number}d` | `${number}h`
  /** Credits, for all of it. */
  readonly reservationFee: number | string
}

export type OfferKind = "contracts" | "reservations"
type OfferOf<K extends OfferKind> = K extends "contracts" ? Contract : Reservation

export const offerContract = (
  api: JsonApi,
  gpuId: string,
  { fixedRate, ...terms }: ContractTerms,
): Promise<Contract> => offer(api, "contracts", gpuId, terms, { fixedRate: decimalOf(fixedRate) })

export const offerReservation = (
  api: JsonApi,
  gpuId: string,
  { reservationFee, ...terms }: ReservationTerms,
): Promise<Reservation> =>
  offer(api, "reservations", gpuId, terms, { reservationFee: decimalOf(reservationFee) })

const offer = async <K extends OfferKind>(
  api: JsonApi,
  kind: K,
  gpuId: string,
  { idempotencyKey, start, ...terms }: OfferTerms,
  price: object,
): Promise<OfferOf<K>> => {
  const begins = start instanceof Date ? start.toISOString() : start
  const body = snaked({ ...terms, ...price, start: begins, gpuId })
  const headers = { "idempotency-key": idempotencyKey ?? crypto.randomUUID() }
  return camelised(await api.ask("POST", `/marketplace/${kind}`, body, headers)) as OfferOf<K>
}

/** The account's own, of either side, the newest first: the latest 200. */
export const offersOf = async <K extends OfferKind>(
  api: JsonApi,
  kind: K,
  query: Readonly<Record<string, string>> = {},
): Promise<ReadonlyArray<OfferOf<K>>> => {
  const words = new URLSearchParams({ limit: "200", ...query })
  const answer = camelised(await api.ask("GET", `/marketplace/${kind}?${words.toString()}`))
  const list = isObject(answer) ? answer["data"] : undefined
  if (!Array.isArray(list)) throw new ComputeError("expected an object with the list `data`")
  return list as ReadonlyArray<OfferOf<K>>
}

export const offerNamed = async <K extends OfferKind>(
  api: JsonApi,
  kind: K,
  id: string,
): Promise<OfferOf<K>> =>
  camelised(await api.ask("GET", `/marketplace/${kind}/${encodeURIComponent(id)}`)) as OfferOf<K>

/** Done twice, it is done once. */
export const answerOffer = async <K extends OfferKind>(
  api: JsonApi,
  kind: K,
  id: string,
  answer: "accept" | "decline" | "withdraw",
): Promise<OfferOf<K>> =>
  camelised(
    await api.ask("POST", `/marketplace/${kind}/${encodeURIComponent(id)}/${answer}`),
  ) as OfferOf<K>

export const slaOfBooking = async (api: JsonApi, bookingId: string): Promise<BookingSla> =>
  camelised(
    await api.ask("GET", `/marketplace/bookings/${encodeURIComponent(bookingId)}/sla`),
  ) as BookingSla

/** Replaces what a machine promises with hours that are ordered from now on. */
export const promiseSla = async (
  api: JsonApi,
  gpuId: string,
  targets: SlaTargets,
): Promise<Camel<GpuView>> =>
  camelised(
    await api.ask("PUT", `/marketplace/gpu/${encodeURIComponent(gpuId)}/sla`, snaked(targets)),
  ) as Camel<GpuView>
