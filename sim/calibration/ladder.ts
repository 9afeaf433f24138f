/**
 * A ladder of measurements: so many streams at once, at several prompt lengths, several times over.
 * Rounds follow one another; a round's streams start together. The ladder ends early where the server
 * says that a rung is more than it takes.
 */
import { Effect } from "effect"
import type { Stream } from "../../engine/index.ts"
import { openStream } from "../../engine/index.ts"
import { Agent } from "undici"
import type { ChatServer } from "./chat-stream.ts"
import { ServerFailed, streamChat } from "./chat-stream.ts"
import type { Round } from "./measured-stream.ts"
import { wordPrompt } from "./word-prompt.ts"

export interface LadderOptions {
  /** Streams at once, rising. */
  readonly concurrencies: ReadonlyArray<number>
  readonly promptLengths: ReadonlyArray<number>
  readonly outputTokens: number
  readonly repeats: number
  readonly seed: string
  readonly onRound: (done: number, total: number) => Effect.Effect<void>
}

export interface Climbed {
  readonly rounds: ReadonlyArray<Round>
  /** Why the ladder ended before its last rung, where it did. */
  readonly endedBecause: string | undefined
}

/** Measures. Interrupting it breaks every connection off. */
export const climb = (
  server: Omit<ChatServer, "agent">,
  options: LadderOptions,
): Effect.Effect<Climbed, ServerFailed> =>
  Effect.acquireUseRelease(
    Effect.sync(
      () => new Agent({ connections: Math.max(...options.concurrencies), pipelining: 1 }),
    ),
    (agent) => climbWith({ ...server, agent }, options),
    (agent) => Effect.promise(() => agent.destroy()),
  )

const climbWith = (server: ChatServer, options: LadderOptions) =>
  Effect.gen(function* () {
    const { concurrencies, promptLengths, repeats, onRound } = options
    const words = openStream(options.seed, "calibration", "words")
    // The first call may load the model, and opens a connection: it is not counted.
    yield* runRound(server, 1, Math.min(...promptLengths), options, words)
    const total = concurrencies.length * promptLengths.length * repeats
    const rounds: Array<Round> = []
    for (const concurrency of concurrencies) {
      const rung: Array<Round> = []
      // Lengths take turns, so that a server that warms up or tires does so for all of them.
      for (let i = 0; i < repeats * promptLengths.length; i++) {
        const promptTokens = promptLengths[i % promptLengths.length]
        const round = yield* Effect.either(
          runRound(server, concurrency, promptTokens, options, words),
        )
        if (round._tag === "Left") {
          const { isTooMuch, message } = round.left
          if (!isTooMuch || rounds.length === 0) return yield* round.left
          return { rounds, endedBecause: `${concurrency} streams at once: ${message}` }
        }
        rung.push(round.right)
        yield* onRound(rounds.length + rung.length, total)
      }
      rounds.push(...rung)
    }
    return { rounds, endedBecause: undefined }
  })

/** All streams together; the first failure breaks the others off. */
const runRound = (
  server: ChatServer,
  concurrency: number,
  promptTokens: number,
  { outputTokens }: LadderOptions,
  words: Stream,
): Effect.Effect<Round, ServerFailed> =>
  Effect.suspend(() => {
    const prompts = Array.from({ length: concurrency }, () => wordPrompt(promptTokens, words))
    return Effect.forEach(
      prompts,
      (prompt) =>
        Effect.tryPromise({
          try: (signal) => streamChat(server, { prompt, outputTokens }, signal),
          catch: (error) =>
            error instanceof ServerFailed
              ? error
              : new ServerFailed({ message: String(error), isTooMuch: false }),
        }),
      { concurrency: "unbounded" },
    ).pipe(Effect.map((streams) => ({ streams })))
  })
