/**
 * The client library, `evenkeel/client`: `HostAgent` makes a machine a host of a market,
 * `ComputeClient` asks a market about its hosts and earnings and calls its models.
 *
 * What the gateway writes in snake_case is camelCase here; credits stay decimal strings, since a
 * binary fraction cannot hold them. For everything of the OpenAI API its own client works, too.
 */
import { isObject } from "../platform/json/json-object.ts"
import { decimalOf } from "./agent/hours/decimal.ts"
import * as Offers from "./agent/hours/offers.ts"
import { bringBatch } from "./agent/transport/batches.ts"
import type { Batch } from "./agent/transport/batches.ts"
import type { Camel } from "./agent/transport/camel.ts"
import { camelised, snaked } from "./agent/transport/camel.ts"
import { eventsOf } from "./agent/transport/event-stream.ts"
import { messageOf } from "./agent/transport/http.ts"
import type { ApiOptions, JsonApi } from "./agent/transport/json-api.ts"
import { codeOf, ComputeError, makeJsonApi } from "./agent/transport/json-api.ts"
import type { Earnings, ModelRates, OwnHost, PublicHost } from "./protocol/host-protocol.ts"
import type {
  BookingDetails,
  BookingView,
  GpuView,
  QuoteView,
  RegionRates,
} from "./protocol/hours-protocol.ts"
import type { GpuReputation, RatingAnswer } from "./protocol/reputation-protocol.ts"

export type { Backend, BackendJob, Chunk } from "./agent/backends/backend.ts"
export { BackendError } from "./agent/backends/backend.ts"
export type { HostRegistration } from "./agent/host-agent.ts"
export { HostAgent } from "./agent/host-agent.ts"
export type {
  AgentEvent,
  BackendName,
  HostAgentOptions,
  ModelOption,
} from "./agent/plan/options.ts"
export { AgentError } from "./agent/plan/options.ts"
export type { Access, GrantHooks } from "./agent/hours/hooks.ts"
export type { GrantOptions } from "./agent/plan/grant-options.ts"
export type {
  BatchTerms,
  Capabilities,
  KnownProvider,
  MarketReport,
  OfferingOptions,
  PricingModel,
  PricingProposal,
  ProviderAnalytics,
  ProviderEarnings,
  ProviderListing,
  ProviderMembership,
  ProviderModels,
  ProviderMonitoring,
  ProviderService,
  ProviderRegistration,
  ProviderReputation,
  ProviderStatus,
  ProviderSuggestion,
  ProviderSwarms,
  Schedule,
  SpecializedModel,
  SwarmOptions,
} from "./agent/hours/compute-provider.ts"
export type { JobResult, QualityChecker, QualityVerdict } from "./agent/backends/quality-check.ts"
export { usualQualityCheck } from "./agent/backends/quality-check.ts"
export type { Batch } from "./agent/transport/batches.ts"
export type {
  BookingSla,
  Contract,
  ContractTerms,
  Reservation,
  ReservationTerms,
  SlaTargets,
} from "./agent/hours/offers.ts"
export { ComputeProvider } from "./agent/hours/compute-provider.ts"
export { ComputeError } from "./agent/transport/json-api.ts"

export type ComputeClientOptions = ApiOptions

/** A host as anyone may see it. */
export type Host = Camel<PublicHost>
/** A host; what only its operator sees is there for its operator's key. */
export type HostDetails = Camel<PublicHost> & Partial<Camel<OwnHost>>
export type HostEarnings = Camel<Earnings>
/** What hosts ask for a model, credits per output token. */
export type Rates = Camel<ModelRates>

/** A balance by lots, in credits. */
export interface Balance {
  /** Sign-up gift: spent first, never withdrawable. */
  readonly gift: string
  readonly bought: string
  readonly earned: string
  /** Bounty that is released day by day. */
  readonly vesting: string
  /** Held by open calls and withdrawals. */
  readonly held: string
  /** What can be spent now. */
  readonly spendable: string
}

export interface Model {
  readonly id: string
  readonly [fact: string]: unknown
}

export interface ChatMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool"
  readonly content: unknown
  readonly [field: string]: unknown
}

export interface ChatRequest {
  readonly model: string
  readonly messages: ReadonlyArray<ChatMessage>
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly stop?: string | ReadonlyArray<string>
  readonly seed?: number
  /** Any other field of the OpenAI API, by its own name. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Ends the call: the host stops generating, what was delivered is paid for. */
  readonly signal?: AbortSignal
}

/** A request of a batch, and its owner's name of it. */
export interface BatchRequest extends Omit<ChatRequest, "signal"> {
  readonly customId: string
}

export interface ChatPart {
  /** What was generated since the part before; may be empty. */
  readonly text: string
  /** `stop`, `length` …, on the last part with text. */
  readonly finishReason: string | undefined
  /** On the last part. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | undefined
  /** The chunk as it came. */
  readonly chunk: Readonly<Record<string, unknown>>
}

/** A machine that is sold by the hour. */
export type Gpu = Camel<GpuView>
export type HoursQuote = Camel<QuoteView>
export type Booking = Camel<BookingView>
export type BookingHistory = Camel<BookingDetails>
export type HourRates = Camel<RegionRates>
export type Reputation = Camel<GpuReputation>
export type Rating = Camel<RatingAnswer>

export interface GpuSearch {
  readonly region?: string
  readonly model?: string
  /** Credits an hour. */
  readonly maxPrice?: number | string
  readonly available?: boolean
  /** What its provider is known for at least, 0 to 1. */
  readonly minReputation?: number
  /** The best known first; by default in the order in which they were listed. */
  readonly sort?: "reputation"
}

/** Times are instants: dates, or ISO 8601 with an offset. */
export interface HoursWish {
  readonly gpuId: string
  /** Default: now. */
  readonly start?: Date | string
  readonly end?: Date | string
  /** Instead of `end`. */
  readonly hours?: number
  readonly latestStart?: Date | string
  /** Default: the whole machine. */
  readonly jobs?: number
  readonly memoryGib?: number
}

export interface BookingOrder extends HoursWish {
  /** The most that all of it may cost, credits. */
  readonly maxPrice?: number | string
  readonly idempotencyKey?: string
}

const hostsOnPage = 1000

export class ComputeClient {
  readonly #api: JsonApi

  constructor(options: ComputeClientOptions) {
    this.#api = makeJsonApi(options)
  }

  /** All hosts of the market: models, prices, status, load. */
  async listHosts(): Promise<ReadonlyArray<Host>> {
    const hosts: Array<Host> = []
    for (let cursor: unknown; cursor !== null;) {
      const query = typeof cursor === "string" ? `&cursor=${encodeURIComponent(cursor)}` : ""
      const page = await this.#get(`/hosts?limit=${hostsOnPage}${query}`)
      hosts.push(...listIn<Host>(camelised(page)))
      cursor = (isObject(page) ? page["next_cursor"] : null) ?? null
    }
    return hosts
  }

  /** Rejects with status 404 where there is no such host. */
  async host(hostId: string): Promise<HostDetails> {
    return camelised(await this.#get(`/hosts/${encodeURIComponent(hostId)}`)) as HostDetails
  }

  /** What hosts ask for each model, where they set prices; rejects with status 409 where the platform does. */
  async marketRates(): Promise<ReadonlyArray<Rates>> {
    return listIn<Rates>(camelised(await this.#get("/market/rates")))
  }

  /** What a host earned; for its own key, or its operator's. */
  async earnings(hostId: string): Promise<HostEarnings> {
    return camelised(
      await this.#get(`/hosts/${encodeURIComponent(hostId)}/earnings`),
    ) as HostEarnings
  }

  /** Models that can be called. */
  async models(): Promise<ReadonlyArray<Model>> {
    return listIn<Model>(camelised(await this.#get("/v1/models")))
  }

  /** The balance of the account whose key this is. */
  async balance(): Promise<Balance> {
    const account = await this.#get("/account")
    return (isObject(account) ? account["balance"] : undefined) as Balance
  }

  /**
   * A chat, as it is generated. The call is made when the first part is asked for, and ended when
   * the loop is left. Throws a `ComputeError` where the market refuses it or the answer breaks off.
   *
   * @example
   * for await (const { text } of client.chat({ model, messages })) process.stdout.write(text)
   */
  async *chat(request: ChatRequest): AsyncGenerator<ChatPart, void, undefined> {
    const { signal } = request
    const response = await this.#api.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(chatBody(request)),
      ...(signal === undefined ? {} : { signal }),
    })
    if (response.body === null) throw new ComputeError("the answer has no body", response.status)
    for await (const { data } of eventsOf(response.body)) {
      if (data === "[DONE]") return
      const chunk: unknown = JSON.parse(data)
      if (!isObject(chunk)) throw new ComputeError(`expected a chunk, got ${data.slice(0, 200)}`)
      if (chunk["error"] !== undefined)
        throw new ComputeError(messageOf(chunk), response.status, codeOf(chunk))
      yield partOf(chunk)
    }
    throw new ComputeError("the answer broke off: it ended without its last event", response.status)
  }

  /**
   * Opens a batch of requests that can wait, at a discount: each with a name of its own, which its answer bears.
   *
   * @example
   * const { id } = await client.submitBatch([{ customId: "1", model, messages }])
   */
  submitBatch(requests: ReadonlyArray<BatchRequest>): Promise<Batch> {
    const lines = requests.map(({ customId, ...request }) => {
      const { stream: _, stream_options: __, ...body } = chatBody(request)
      return JSON.stringify({
        custom_id: customId,
        method: "POST",
        url: "/v1/chat/completions",
        body,
      })
    })
    return bringBatch(this.#api, new TextEncoder().encode(`${lines.join("\n")}\n`))
  }

  /** A batch as it stands. */
  async batch(batchId: string): Promise<Batch> {
    return (await this.#get(`/v1/batches/${encodeURIComponent(batchId)}`)) as Batch
  }

  /** What is in a file, such as the answers that a batch left, a line each. */
  async fileText(fileId: string): Promise<string> {
    return (await this.#api.fetch(`/v1/files/${encodeURIComponent(fileId)}/content`)).text()
  }

  /** Machines that are sold by the hour. */
  async gpus(query: GpuSearch = {}): Promise<ReadonlyArray<Gpu>> {
    const gpus: Array<Gpu> = []
    const { maxPrice, ...rest } = query
    const words = snaked({
      ...rest,
      maxPrice: maxPrice === undefined ? undefined : decimalOf(maxPrice),
      limit: hostsOnPage,
    })
    const asked = new URLSearchParams(
      Object.entries(words).map(([name, value]): [string, string] => [name, String(value)]),
    )
    for (let cursor: unknown; cursor !== null;) {
      if (typeof cursor === "string") asked.set("cursor", cursor)
      const page = await this.#get(`/marketplace/gpu?${asked.toString()}`)
      gpus.push(...listIn<Gpu>(camelised(page)))
      cursor = (isObject(page) ? page["next_cursor"] : null) ?? null
    }
    return gpus
  }

  /** What hours would cost, were they booked now. */
  async quote(wish: HoursWish): Promise<HoursQuote> {
    return camelised(
      await this.#api.ask("POST", "/marketplace/quotes", hoursBody(wish)),
    ) as HoursQuote
  }

  /** Books hours. Sent again with the same `idempotencyKey`, it is the same booking. */
  async book({ idempotencyKey, maxPrice, ...wish }: BookingOrder): Promise<Booking> {
    const body = {
      ...hoursBody(wish),
      ...(maxPrice === undefined ? {} : { max_price: decimalOf(maxPrice) }),
    }
    const headers = { "idempotency-key": idempotencyKey ?? crypto.randomUUID() }
    return camelised(await this.#api.ask("POST", "/marketplace/bookings", body, headers)) as Booking
  }

  /** The account's bookings, as consumer and as provider, the newest first: the latest 200. */
  async bookings(): Promise<ReadonlyArray<Booking>> {
    return listIn<Booking>(camelised(await this.#get("/marketplace/bookings?limit=200")))
  }

  /** A booking with its whole history. */
  async booking(bookingId: string): Promise<BookingHistory> {
    return camelised(
      await this.#get(`/marketplace/bookings/${encodeURIComponent(bookingId)}`),
    ) as BookingHistory
  }

  /** Pays for what was delivered, at once. */
  confirm(bookingId: string): Promise<Booking> {
    return this.#deed(bookingId, "confirm")
  }

  /** Before it has begun. */
  cancel(bookingId: string): Promise<Booking> {
    return this.#deed(bookingId, "cancel")
  }

  /** Before its time: the hours used are paid for. */
  end(bookingId: string): Promise<Booking> {
    return this.#deed(bookingId, "end")
  }

  /** Of what is not paid for yet. */
  dispute(bookingId: string, statement?: string): Promise<Booking> {
    return this.#deed(bookingId, "dispute", { statement })
  }

  /** The other party's dispute. */
  answer(bookingId: string, statement?: string): Promise<Booking> {
    return this.#deed(bookingId, "answer", { statement })
  }

  /** What was promised with a booking, and what came of it. */
  sla(bookingId: string): Promise<Offers.BookingSla> {
    return Offers.slaOfBooking(this.#api, bookingId)
  }

  /** What was offered to the account, and what it has offered, the newest first: the latest 200. */
  contracts(): Promise<ReadonlyArray<Offers.Contract>> {
    return Offers.offersOf(this.#api, "contracts")
  }

  contract(contractId: string): Promise<Offers.Contract> {
    return Offers.offerNamed(this.#api, "contracts", contractId)
  }

  /** Its price is held, and it is a booking: `bookingId`. */
  acceptContract(contractId: string): Promise<Offers.Contract> {
    return Offers.answerOffer(this.#api, "contracts", contractId, "accept")
  }

  declineContract(contractId: string): Promise<Offers.Contract> {
    return Offers.answerOffer(this.#api, "contracts", contractId, "decline")
  }

  reservations(): Promise<ReadonlyArray<Offers.Reservation>> {
    return Offers.offersOf(this.#api, "reservations")
  }

  reservation(reservationId: string): Promise<Offers.Reservation> {
    return Offers.offerNamed(this.#api, "reservations", reservationId)
  }

  /** Its fee is held or paid, as the market has it, and it is a booking: `bookingId`. */
  acceptReservation(reservationId: string): Promise<Offers.Reservation> {
    return Offers.answerOffer(this.#api, "reservations", reservationId, "accept")
  }

  declineReservation(reservationId: string): Promise<Offers.Reservation> {
    return Offers.answerOffer(this.#api, "reservations", reservationId, "decline")
  }

  /** What hours cost by region: asked now, and paid by the hour of the day. */
  async hourRates(): Promise<ReadonlyArray<HourRates>> {
    return listIn<HourRates>(camelised(await this.#get("/marketplace/rates")))
  }

  /** Of a booking that is over: once, one star to five. */
  async rate(bookingId: string, stars: number): Promise<Rating> {
    const path = `/marketplace/bookings/${encodeURIComponent(bookingId)}/rating`
    return camelised(await this.#api.ask("POST", path, { stars })) as Rating
  }

  /** What a machine's provider is known for. */
  async reputation(gpuId: string): Promise<Reputation> {
    const path = `/marketplace/gpu/${encodeURIComponent(gpuId)}/reputation`
    return camelised(await this.#get(path)) as Reputation
  }

  async #deed(bookingId: string, deed: string, words?: object): Promise<Booking> {
    const path = `/marketplace/bookings/${encodeURIComponent(bookingId)}/${deed}`
    return camelised(await this.#api.ask("POST", path, words)) as Booking
  }

  #get(path: string): Promise<unknown> {
    return this.#api.ask("GET", path)
  }
}

const hoursBody = (wish: HoursWish) =>
  snaked({
    ...wish,
    start: isoOf(wish.start),
    end: isoOf(wish.end),
    latestStart: isoOf(wish.latestStart),
  })

const isoOf = (time: Date | string | undefined): string | undefined =>
  time instanceof Date ? time.toISOString() : time

const chatBody = ({ model, messages, maxTokens, topP, extra, ...rest }: ChatRequest) => {
  const { temperature, stop, seed } = rest
  // What is undefined, JSON leaves out.
  return {
    ...extra,
    model,
    messages,
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    stop,
    seed,
    stream: true,
    stream_options: { include_usage: true },
  }
}

const partOf = (chunk: Readonly<Record<string, unknown>>): ChatPart => {
  const choices: ReadonlyArray<unknown> = Array.isArray(chunk["choices"]) ? chunk["choices"] : []
  const [choice] = choices
  const delta = isObject(choice) ? choice["delta"] : undefined
  const reason = isObject(choice) ? choice["finish_reason"] : undefined
  const usage = chunk["usage"]
  return {
    text: isObject(delta) && typeof delta["content"] === "string" ? delta["content"] : "",
    finishReason: typeof reason === "string" ? reason : undefined,
    usage: isObject(usage)
      ? {
          promptTokens: Number(usage["prompt_tokens"] ?? 0),
          completionTokens: Number(usage["completion_tokens"] ?? 0),
        }
      : undefined,
    chunk,
  }
}

const listIn = <T>(answer: unknown): ReadonlyArray<T> => {
  const list = isObject(answer) ? answer["data"] : undefined
  if (!Array.isArray(list)) throw new ComputeError("expected an object with the list `data`")
  return list as ReadonlyArray<T>
}
