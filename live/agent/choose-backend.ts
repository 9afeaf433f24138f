/** The backend that the options name. */
import type { HostAgentOptions, BackendName, ModelOption } from "./plan/options.ts"
import { AgentError, backendNames } from "./plan/options.ts"
import type { Backend } from "./backends/backend.ts"
import { huggingFaceBackend } from "./backends/huggingface.ts"
import { langChainBackend } from "./backends/langchain.ts"
import { openAiBackend } from "./backends/openai.ts"
import { simulatedBackend } from "./backends/simulated.ts"
import { workerBackend } from "./backends/worker.ts"

/** Backends that the operator runs, and where they are by default when they are at all. */
const endpointExamples: Readonly<Partial<Record<BackendName, string>>> = {
  openai: "http://127.0.0.1:8000/v1",
  langchain: "http://127.0.0.1:8000/my-chain",
  worker: "http://127.0.0.1:8000/generate",
}

/** `models`: those that the operator named. Throws where the options do not suffice. */
export const backendOf = (
  options: HostAgentOptions,
  models: ReadonlyArray<ModelOption>,
): Backend => {
  const { backend = "huggingface", endpointKey: key } = options
  if (typeof backend !== "string") return backend
  const names = models.map(({ model, upstreamModel = model }) => upstreamModel)
  const needNames = (): ReadonlyArray<string> => {
    if (names.length > 0) return names
    throw new AgentError({
      message: `The backend ${backend} cannot say which models it serves: name them (--model NAME, or the option \`models\`)`,
    })
  }
  switch (backend) {
    case "openai":
      return openAiBackend({ endpoint: endpointOf(backend, options.endpointUrl), key })
    case "langchain":
      return langChainBackend({
        endpoint: endpointOf(backend, options.endpointUrl),
        key,
        models: needNames(),
        inputKey: options.inputKey,
      })
    case "worker":
      return workerBackend({
        endpoint: endpointOf(backend, options.endpointUrl),
        key,
        models: needNames(),
      })
    case "simulated":
      return simulatedBackend({ ...options.simulated, models: needNames() })
    case "huggingface":
      return huggingFaceBackend({
        models: names,
        program: options.transformersProgram,
        extraWords: options.transformersWords,
        onRestart: (detail) => options.onEvent?.({ type: "notice", detail }),
      })
    default:
      throw new AgentError({
        message: `There is no backend ${String(backend)}; there are ${backendNames.join(", ")}`,
      })
  }
}

const endpointOf = (backend: BackendName, text: string | undefined): URL => {
  const example = endpointExamples[backend] ?? ""
  if (text === undefined)
    throw new AgentError({
      message: `The backend ${backend} needs the address of its server: --endpoint ${example}, or the option \`endpointUrl\``,
    })
  return httpUrl(text, `endpoint ${text}`, example)
}

/** An http or https address, or an error that shows one. */
export const httpUrl = (text: string, what: string, example: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === "http:" || url?.protocol === "https:") return url
  throw new AgentError({ message: `${what}: expected an http or https address such as ${example}` })
}
