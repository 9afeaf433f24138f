/**
 * The client library, `evenkeel/client`: `HostAgent` makes a machine a host of a market,
 * `ComputeClient` asks a market about its hosts and earnings and calls its models.
 *
 * What the gateway writes in snake_case is camelCase here; credits stay decimal strings, since a
 * binary fraction cannot hold them. For everything of the OpenAI API its own client works, too.
 */
import { Data } from "effect"
import { isObject } from "../platform/json/json-object.ts"
import { eventsOf } from "./agent/transport/event-stream.ts"
import { messageOf } from "./agent/transport/http.ts"
import type { Earnings, ModelRates, OwnHost, PublicHost } from "./protocol/host-protocol.ts"

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

export interface ComputeClientOptions {
  /** The gateway, such as `https://market.example`. */
  readonly baseUrl: string
  /** `sk_live_…` of an account, or `hk_live_…` of a host. */
  readonly apiKey?: string
}

/** The gateway refused, could not be reached, or broke off its answer. */
export class ComputeError extends Data.TaggedError("ComputeError")<{
  readonly message: string
  /** HTTP status; `undefined` where there was none. */
  readonly status?: number | undefined
  /** For programs, such as `insufficient_quota`. */
  readonly code?: string | undefined
}> {
  constructor(message: string, status?: number, code?: string) {
    super({ message, status, code })
  }
}

type CamelWord<S> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelWord<Tail>>}`
  : S
type Camel<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Camel<Item>>
    : T extends object
      ? { readonly [K in keyof T as CamelWord<K>]: Camel<T[K]> }
      : T

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

const hostsOnPage = 1000

export class ComputeClient {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>

  constructor({ baseUrl, apiKey }: ComputeClientOptions) {
    if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl))
      throw new ComputeError(
        `baseUrl ${baseUrl}: expected an http or https address such as https://market.example`,
      )
    this.#base = baseUrl.replace(/\/+$/, "")
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
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
    const response = await this.#fetch("/v1/chat/completions", {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
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

  async #get(path: string): Promise<unknown> {
    const response = await this.#fetch(path, { headers: this.#headers })
    return response.json()
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(this.#base + path, init).catch((error: Error) => {
      if (init.signal?.aborted === true) throw error
      const { cause } = error
      const why = cause instanceof Error && cause.message !== "" ? cause.message : error.message
      throw new ComputeError(`${this.#base + path} cannot be reached: ${why}`)
    })
    if (response.ok) return response
    const answer: unknown = await response.json().catch(() => response.statusText)
    throw new ComputeError(messageOf(answer), response.status, codeOf(answer))
  }
}

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

const codeOf = (answer: unknown): string | undefined => {
  const error = isObject(answer) ? answer["error"] : undefined
  return isObject(error) && typeof error["code"] === "string" ? error["code"] : undefined
}

const listIn = <T>(answer: unknown): ReadonlyArray<T> => {
  const list = isObject(answer) ? answer["data"] : undefined
  if (!Array.isArray(list)) throw new ComputeError("expected an object with the list `data`")
  return list as ReadonlyArray<T>
}

/** Keys in camelCase, all the way down. */
const camelised = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelised)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/(?<=[^_])_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
      camelised(one),
    ]),
  )
}
