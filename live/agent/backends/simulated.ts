/**
 * A backend without a GPU, for demonstrations and tests: text at a given pace, from fixed words, and
 * if told so failures, stalls and lies. It says what it is: every answer begins with "simulated:",
 * every chunk has the fingerprint `evenkeel-simulated`, and the registration names the backend.
 *
 * Answers are a function of the prompt and of the seed; whether one goes wrong, too, and of how many
 * went before it.
 */
import { setTimeout as sleepMillis } from "node:timers/promises"
import type { Stream } from "../../../engine/index.ts"
import { drawBelow, openStream } from "../../../engine/index.ts"
import { chunkWriter, maxTokensOf } from "./answer.ts"
import type { Backend, BackendJob, Chunk } from "./backend.ts"
import { BackendError } from "./backend.ts"
import { promptText } from "./prompt.ts"

export interface SimulatedBackendOptions {
  readonly models: ReadonlyArray<string>
  /** Of one stream; 40 by default. */
  readonly tokensPerSecond?: number | undefined
  /** Streams that keep this pace; more share it. 4 by default. */
  readonly slots?: number | undefined
  /** From the call to the first token, ms; 50 by default. */
  readonly timeToFirstTokenMillis?: number | undefined
  /** Length of an answer where the call allows it, tokens; 64 by default. */
  readonly answerTokens?: number | undefined
  /** Probability that a call ends in an error, half of them before the first token. */
  readonly failProbability?: number | undefined
  /** Probability that a call stops in the middle and says no more. */
  readonly stallProbability?: number | undefined
  /** Probability that a call claims twice the tokens that it generated. */
  readonly lieProbability?: number | undefined
  readonly seed?: string | undefined
}

/** Each is one token, with the space before it, in the tokenizers that gateways count with. */
const words =
  "river stone market light engine garden winter signal paper bridge music ocean field copper window letter valley answer harbour morning ledger token current balance summer circle number thread mountain forest silver table journey season simple steady quiet open early second local common general little single human natural public".split(
    " ",
  )

const fingerprint = "evenkeel-simulated"
const embeddingSize = 8

export const simulatedBackend = (options: SimulatedBackendOptions): Backend => {
  const { tokensPerSecond = 40, slots = 4, seed = "evenkeel" } = options
  let open = 0
  let calls = 0
  const paceMillis = (): number => (1000 / tokensPerSecond) * Math.max(1, open / slots)
  return {
    description: `simulated, no GPU: ${tokensPerSecond} tokens/s in each of ${slots} streams`,
    start: async () => {},
    stop: async () => {},
    isReady: () => true,
    models: async () => options.models,
    async *generate(job, signal) {
      const fate = fateOf(options, openStream(seed, "fate", calls++))
      open++
      try {
        yield* job.kind === "embedding"
          ? embeddings(job, seed)
          : answer(job, { ...options, seed }, fate, paceMillis, signal)
      } finally {
        open--
      }
    },
  }
}

interface Fate {
  readonly fails: "before" | "after" | undefined
  readonly stalls: boolean
  readonly lies: boolean
}

const fateOf = (options: SimulatedBackendOptions, stream: Stream): Fate => {
  const happens = (probability = 0): boolean => stream.next() < probability
  const fails = happens(options.failProbability)
  const isBefore = happens(0.5)
  return {
    fails: fails ? (isBefore ? "before" : "after") : undefined,
    stalls: happens(options.stallProbability),
    lies: happens(options.lieProbability),
  }
}

async function* answer(
  job: BackendJob,
  options: SimulatedBackendOptions & { readonly seed: string },
  fate: Fate,
  paceMillis: () => number,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const { timeToFirstTokenMillis = 50, answerTokens = 64 } = options
  const prompt = promptText(job)
  const stream = openStream(options.seed, "answer", prompt)
  const writer = chunkWriter(job, fingerprint)
  const most = maxTokensOf(job.body)
  const length = Math.min(answerTokens, most)
  const half = Math.ceil(length / 2)
  await sleep(timeToFirstTokenMillis, signal)
  if (fate.fails === "before") throw new BackendError("upstreamError", "a simulated failure")
  let dueMillis = performance.now()
  for (let token = 0; token < length; token++) {
    if (token === half && fate.fails === "after")
      throw new BackendError("upstreamError", "a simulated failure")
    if (token === half && fate.stalls) await forever(signal)
    if (token > 0) {
      dueMillis += paceMillis()
      await sleep(dueMillis - performance.now(), signal)
    }
    yield writer.piece(wordAt(token, stream))
  }
  yield writer.finish(length < most ? "stop" : "length")
  yield writer.usage({
    promptTokens: Math.ceil(prompt.length / 4),
    completionTokens: fate.lies ? 2 * length : length,
  })
}

/** "simulated:" as tokens; the rest is words. */
const opening = ["sim", "ulated", ":"]

const wordAt = (token: number, stream: Stream): string =>
  opening[token] ?? ` ${words[drawBelow(stream, words.length)]}`

const sleep = async (millis: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) throw signal.reason
  if (millis <= 0) return
  await sleepMillis(millis, undefined, { signal }).catch(() => {
    throw signal.reason
  })
}

const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true })
  })

async function* embeddings(
  { body }: BackendJob,
  seed: string,
): AsyncGenerator<Chunk, void, undefined> {
  const input: ReadonlyArray<unknown> = Array.isArray(body["input"])
    ? body["input"]
    : [body["input"]]
  const promptTokens = input.reduce<number>(
    (sum, text) => sum + Math.ceil(String(text).length / 4),
    0,
  )
  yield {
    object: "list",
    model: String(body["model"] ?? ""),
    system_fingerprint: fingerprint,
    data: input.map((text, index) => {
      const stream = openStream(seed, "embedding", String(text))
      return {
        object: "embedding",
        index,
        embedding: Array.from({ length: embeddingSize }, () => 2 * stream.next() - 1),
      }
    }),
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  }
}
