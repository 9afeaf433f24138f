/**
 * The public traces that some tests read: not part of the project, so those tests skip themselves
 * where the files are absent.
 */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { loadTrace, type Trace } from "../../../../sim/demand/trace/read-trace.ts"

interface TraceFile {
  readonly path: string
  readonly load: () => Promise<Trace>
}

const traceFile = (name: string): TraceFile => {
  const path = `../shared/data/traces/${name}`
  const load = () => Effect.runPromise(loadTrace(path))
  return { path, load }
}

export const azureConversationTrace = traceFile("AzureLLMInferenceTrace_conv.csv")
export const azureCodeTrace = traceFile("AzureLLMInferenceTrace_code.csv")
export const mooncakeTrace = traceFile("mooncake_conversation_trace.jsonl")

export const whereThereIsATrace = ({ path }: TraceFile): boolean => existsSync(path)
