/** Streaming load on anything with the OpenAI API, and what it shows. */

export interface Target {
  /** With `/v1`. */
  readonly base: string
  readonly key: string
  readonly model: string
}

/** One stream, as its consumer saw it. */
export interface Stream {
  readonly timeToFirstTokenMillis: number
  /** From the first token to the last. */
  readonly decodeMillis: number
  /** By the usage that came with the stream. */
  readonly tokens: number
}

export interface Level {
  readonly concurrency: number
  readonly streams: number
  readonly tokens: number
  readonly timeToFirstTokenMillis: Quantiles
  /** Of one stream: (tokens − 1) / decode time. */
  readonly tokensPerSecondOfStream: Quantiles
  /** Of all streams together. */
  readonly tokensPerSecond: number
  readonly failures: ReadonlyArray<string>
}

export interface Quantiles {
  readonly least: number
  readonly p50: number
  readonly p95: number
  readonly most: number
}

interface ChatChunk {
  readonly choices?: ReadonlyArray<{ readonly delta?: { readonly content?: string } }>
  readonly usage?: { readonly completion_tokens?: number }
  readonly error?: { readonly message?: string }
}

/** The chunks of one call. Throws where the call is refused or breaks off. */
export async function* chunksOf(
  { base, key, model }: Target,
  prompt: string,
  maxTokens: number,
  signal?: AbortSignal,
): AsyncGenerator<ChatChunk, void, undefined> {
  const response = await fetch(`${base}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: prompt }],
      max_tokens: maxTokens,
      stream: true,
      stream_options: { include_usage: true },
    }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (!response.ok || response.body === null)
    throw new Error(`${response.status}: ${await response.text()}`)
  const decoder = new TextDecoder()
  let rest = ""
  for await (const part of response.body) {
    const events = (rest + decoder.decode(part as Uint8Array, { stream: true })).split("\n\n")
    rest = events.pop() ?? ""
    for (const event of events) {
      const data = event.replace(/^data: /, "")
      if (data === "[DONE]") return
      const chunk = JSON.parse(data) as ChatChunk
      if (chunk.error !== undefined) throw new Error(chunk.error.message ?? data)
      yield chunk
    }
  }
  throw new Error("the stream ended without [DONE]")
}

export const hasText = ({ choices = [] }: ChatChunk): boolean =>
  choices.some(({ delta }) => (delta?.content ?? "") !== "")

const runStream = async (target: Target, prompt: string, maxTokens: number): Promise<Stream> => {
  const startedMillis = performance.now()
  let firstMillis = Number.NaN
  let lastMillis = Number.NaN
  let tokens = 0
  for await (const chunk of chunksOf(target, prompt, maxTokens)) {
    tokens = chunk.usage?.completion_tokens ?? tokens
    if (!hasText(chunk)) continue
    lastMillis = performance.now()
    if (Number.isNaN(firstMillis)) firstMillis = lastMillis
  }
  return {
    timeToFirstTokenMillis: firstMillis - startedMillis,
    decodeMillis: lastMillis - firstMillis,
    tokens,
  }
}

/** `concurrency` streams at once, again and again, until each has run `rounds` times. */
export const runLevel = async (
  target: Target,
  concurrency: number,
  rounds: number,
  maxTokens: number,
): Promise<Level> => {
  const streams: Array<Stream> = []
  const failures: Array<string> = []
  const startedMillis = performance.now()
  const consumer = async (index: number): Promise<void> => {
    for (let round = 0; round < rounds; round++)
      try {
        const prompt = `Consumer ${index}, round ${round}: tell me about ledgers and tides.`
        streams.push(await runStream(target, prompt, maxTokens))
      } catch (error) {
        failures.push((error as Error).message)
      }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, index) => consumer(index)))
  const seconds = (performance.now() - startedMillis) / 1000
  const tokens = streams.reduce((sum, stream) => sum + stream.tokens, 0)
  return {
    concurrency,
    streams: streams.length,
    tokens,
    timeToFirstTokenMillis: quantiles(streams.map((one) => one.timeToFirstTokenMillis)),
    tokensPerSecondOfStream: quantiles(
      streams.map(({ tokens: count, decodeMillis }) => ((count - 1) * 1000) / decodeMillis),
    ),
    tokensPerSecond: rounded(tokens / seconds),
    failures,
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100

export const quantiles = (values: ReadonlyArray<number>): Quantiles => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN)
  return { least: at(0), p50: at(0.5), p95: at(0.95), most: at(1) }
}
