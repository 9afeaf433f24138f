/** What a backend generates, gathered. */
import type { Backend, BackendJob, Chunk } from "../../../../live/agent/backends/backend.ts"

export const chat = (over: Readonly<Record<string, unknown>> = {}): BackendJob => ({
  kind: "chat",
  body: {
    model: "m",
    messages: [{ role: "user", content: "Hello" }],
    stream: true,
    stream_options: { include_usage: true },
    ...over,
  },
})

/** All chunks, and what was thrown after them. */
export const gathered = async (
  chunks: AsyncIterable<Chunk>,
): Promise<{ readonly chunks: ReadonlyArray<Chunk>; readonly error: unknown }> => {
  const all: Array<Chunk> = []
  try {
    for await (const chunk of chunks) all.push(chunk)
    return { chunks: all, error: undefined }
  } catch (error) {
    return { chunks: all, error }
  }
}

export const generated = (
  backend: Backend,
  job: BackendJob,
  signal = new AbortController().signal,
) => gathered(backend.generate(job, signal))

interface Choice {
  readonly delta?: { readonly content?: string }
  readonly text?: string
  readonly finish_reason: string | null
}

const choicesOf = (chunk: Chunk): ReadonlyArray<Choice> =>
  (chunk["choices"] ?? []) as ReadonlyArray<Choice>

export const textOf = (chunks: ReadonlyArray<Chunk>): string =>
  chunks
    .flatMap(choicesOf)
    .map(({ delta, text }) => delta?.content ?? text ?? "")
    .join("")

export const finishOf = (chunks: ReadonlyArray<Chunk>): string | undefined =>
  chunks.flatMap(choicesOf).find(({ finish_reason }) => finish_reason !== null)?.finish_reason ??
  undefined
