/**
 * What the agent asks of a way to run a model. A backend gets the body of an OpenAI call and gives
 * the chunks of an OpenAI stream, whatever it talks to.
 */
import { Data } from "effect"
import type { Outcome } from "../../../engine/index.ts"
import type { JobKind } from "../../protocol/delivery.ts"

/** What is to be generated. */
export interface BackendJob {
  readonly kind: JobKind
  /** Body of the OpenAI call, its `model` as the backend knows it. */
  readonly body: Readonly<Record<string, unknown>>
}

/** A chunk of an OpenAI stream; for an embedding the whole answer, once. */
export type Chunk = Readonly<Record<string, unknown>>

export interface Backend {
  /** For people: what it is and where, such as `openai at http://127.0.0.1:8000/v1`. */
  readonly description: string
  /** Resolves once it can generate; rejects with words for the operator where it never will. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Whether it can generate now; while it cannot, the agent takes no jobs. */
  readonly isReady: () => boolean
  /** Models that it can serve, by the backend's own names. */
  readonly models: () => Promise<ReadonlyArray<string>>
  /**
   * Ends after a chunk with a `finish_reason`; else it throws a `BackendError`. Once `signal` is
   * aborted, it breaks off the call at once and throws the signal's reason.
   */
  readonly generate: (job: BackendJob, signal: AbortSignal) => AsyncIterable<Chunk>
}

/** How a generation failed, in the words of the kernel's outcomes. */
export class BackendError extends Data.TaggedError("BackendError")<{
  readonly outcome: Outcome
  readonly message: string
  /** HTTP status of the backend, where it gave one. */
  readonly status?: number | undefined
  readonly retryAfterSeconds?: number | undefined
}> {
  constructor(
    outcome: Outcome,
    message: string,
    more: { readonly status?: number; readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super({ outcome, message, ...more })
  }
}
