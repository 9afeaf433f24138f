/**
 * Hugging Face Transformers: starts `transformers serve` on a port of its own, keeps it running, and
 * talks to its OpenAI API. Models are downloaded and cached by Transformers itself; the first call of
 * a model loads it.
 */
import { createServer } from "node:net"
import { Effect, Exit, Scope } from "effect"
import { runEffect } from "../../http/run-effect.ts"
import { call, textOf } from "../transport/http.ts"
import type { Backend, BackendJob } from "./backend.ts"
import { BackendError } from "./backend.ts"
import { generateOpenAi, openAiBackend } from "./openai.ts"
import type { Supervisor, SupervisorOptions } from "./supervisor.ts"
import { supervise } from "./supervisor.ts"

export interface HuggingFaceBackendOptions {
  /** Models to declare; none: all generative ones in the local cache. */
  readonly models: ReadonlyArray<string>
  /** The program; `transformers` of the PATH by default. */
  readonly program?: string | undefined
  /** More words for `transformers serve`, such as `--continuous-batching`. */
  readonly extraWords?: ReadonlyArray<string> | undefined
  readonly onRestart?: SupervisorOptions["onRestart"] | undefined
  /** For tests. */
  readonly supervision?: Partial<SupervisorOptions>
}

const healthMillis = 5000

export const huggingFaceBackend = (options: HuggingFaceBackendOptions): Backend => {
  const { program = "transformers" } = options
  let running:
    { readonly base: URL; readonly supervisor: Supervisor; readonly client: Backend } | undefined
  let stop = (): Promise<void> => Promise.resolve()
  return {
    description: `huggingface: ${program} serve, supervised`,
    start: async () => {
      const port = await freePort()
      const base = new URL(`http://127.0.0.1:${port}`)
      const scope = await runEffect(Scope.make())
      stop = () => runEffect(Scope.close(scope, Exit.void))
      const supervision = supervise({
        command: [
          program,
          "serve",
          "--host",
          "127.0.0.1",
          "--port",
          String(port),
          // A model that nobody calls for a while stays loaded: the next caller would wait for it.
          "--model-timeout=-1",
          ...(options.extraWords ?? []),
        ],
        installHint: "Install it with: pip install 'transformers[serving]'",
        isHealthy: (signal) => isHealthy(base, signal),
        ...(options.onRestart === undefined ? {} : { onRestart: options.onRestart }),
        ...options.supervision,
      })
      const supervisor = await runEffect(
        supervision.pipe(
          Scope.extend(scope),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
        ),
      )
      running = { base, supervisor, client: openAiBackend({ endpoint: base }) }
    },
    stop: () => stop(),
    isReady: () => running?.supervisor.isReady() === true,
    models: async () =>
      options.models.length > 0 ? options.models : ((await running?.client.models()) ?? []),
    generate: (job, signal) => {
      if (running?.supervisor.isReady() !== true)
        throw new BackendError("connectFailed", `${program} serve is not running at the moment`)
      return generateOpenAi(running.base, {}, asTransformersTakesIt(job), signal)
    },
  }
}

/**
 * `transformers serve` knows `max_tokens` only, and refuses fields that the OpenAI API has got since.
 */
const asTransformersTakesIt = ({ kind, body }: BackendJob): BackendJob => {
  const { max_completion_tokens: most, ...rest } = body
  return { kind, body: { ...rest, ...(most === undefined ? {} : { max_tokens: most }) } }
}

/** Older versions have no `/health`: that they answer at all is what counts. */
const isHealthy = async (base: URL, signal: AbortSignal): Promise<boolean> => {
  const response = await call(new URL("/health", base), { signal, timeoutMillis: healthMillis })
  await textOf(response)
  return (response.statusCode ?? 500) < 500
}

/** A port that nothing listens on now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("the system gave no port")),
      )
    })
  })
