/** A gateway that takes batches, with a clock that the test moves, a host that the test plays, and OpenAI's client. */
import { Layer } from "effect"
import OpenAI, { toFile } from "openai"
import { MarketClock } from "../../../live/driver/clock.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import type { TestGateway } from "../support/gateway.ts"
import { runningGateway } from "../support/gateway.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import { manualClock } from "../support/manual-clock.ts"

export const hour = 3_600_000_000

export interface BatchGateway extends TestGateway {
  readonly clock: ManualClock
  readonly client: OpenAI
  readonly secret: string
  readonly accountId: string
  readonly adminKey: string
}

interface Options {
  readonly knobs?: Readonly<Record<string, unknown>>
  readonly settings?: Readonly<Record<string, unknown>>
  readonly folder?: string
  readonly clock?: ManualClock
  /** Of a market that was opened before. */
  readonly known?: Pick<BatchGateway, "secret" | "accountId" | "adminKey">
  readonly endpoint?: string
  readonly slots?: number
}

const post = async (url: string, key: string | undefined, body: object) => {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as Record<string, string>
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

/** An account with 100 credits; a host of four slots where there is an endpoint. */
export const batchGateway = async (options: Options = {}): Promise<BatchGateway> => {
  const { folder = temporaryFolder(), clock = manualClock(), slots = 4 } = options
  const gateway = await runningGateway(
    {
      economy: { preset: "aitbc", knobs: { promotion: { grantCredits: 0 }, ...options.knobs } },
      hosts: { allowedNetworks: ["127.0.0.0/8"] },
      ...options.settings,
    },
    folder,
    { clock: Layer.succeed(MarketClock, clock) },
  )
  const known = options.known ?? (await openMarket(gateway, options.endpoint, slots))
  return {
    ...gateway,
    ...known,
    clock,
    client: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: known.secret, maxRetries: 0 }),
  }
}

const openMarket = async (
  { url, adminSecret }: TestGateway,
  endpoint: string | undefined,
  slots: number,
) => {
  const buyer = await post(`${url}/accounts`, undefined, { name: "buyer" })
  const seller = await post(`${url}/accounts`, undefined, { name: "seller" })
  const { account_id: accountId = "", api_key: secret = "" } = buyer
  const top = { transfer_id: "1", amount: "100" }
  await post(`${url}/admin/accounts/${accountId}/top-up`, adminSecret, top)
  if (endpoint !== undefined)
    await post(`${url}/hosts`, seller["api_key"], {
      delivery: "push",
      endpoint: `${endpoint}/v1`,
      models: ["small"],
      slots,
    })
  return { accountId, secret, adminKey: adminSecret ?? "" }
}

export const lineOf = (name: string, body: object = {}): string =>
  JSON.stringify({
    custom_id: name,
    method: "POST",
    url: "/v1/chat/completions",
    body: {
      model: "small",
      max_tokens: 10,
      messages: [{ role: "user", content: `say ${name}` }],
      ...body,
    },
  })

export const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => lineOf(`item-${index}`)).join("\n") + "\n"

export const bring = async (client: OpenAI, lines: string) =>
  client.files.create({ purpose: "batch", file: await toFile(Buffer.from(lines), "input.jsonl") })

export const submit = async (client: OpenAI, lines: string) => {
  const file = await bring(client, lines)
  return client.batches.create({
    input_file_id: file.id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    metadata: { of: "test" },
  })
}

/** Looks until a batch is what is wanted; a look is a trip to the gateway, which works meanwhile. */
export const until = async (
  client: OpenAI,
  id: string,
  isWanted: (batch: OpenAI.Batch) => boolean,
): Promise<OpenAI.Batch> => {
  for (let look = 0; look < 2000; look++) {
    const batch = await client.batches.retrieve(id)
    if (isWanted(batch)) return batch
  }
  throw new Error(`not in time: ${JSON.stringify(await client.batches.retrieve(id))}`)
}

export interface OutputLine {
  readonly custom_id: string
  readonly response: {
    readonly status_code: number
    readonly body: {
      readonly choices: ReadonlyArray<{ readonly message: { readonly content: string } }>
      readonly usage: { readonly cost: number }
    }
  } | null
  readonly error: { readonly code: string } | null
}

/** The lines of a file that a batch left. */
export const linesIn = async (
  client: OpenAI,
  id: string | null | undefined,
): Promise<ReadonlyArray<OutputLine>> => {
  if (id === null || id === undefined) return []
  const text = await (await client.files.content(id)).text()
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as OutputLine)
}
