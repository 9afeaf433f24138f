/** What a host's operator can say; all else is found out. */
import { Data } from "effect"
import type { Backend } from "../backends/backend.ts"
import type { SimulatedBackendOptions } from "../backends/simulated.ts"
import type { Gpu } from "../machine/gpus.ts"
import type { AlertName, Monitoring } from "../../protocol/figures-protocol.ts"
import type { GpuRegistration } from "../../protocol/hours-protocol.ts"
import type { GrantOptions } from "./grant-options.ts"
import type { Machine } from "../machine/machine.ts"
import type { QualityChecker } from "../backends/quality-check.ts"

export const backendNames = ["huggingface", "openai", "langchain", "worker", "simulated"] as const
export type BackendName = (typeof backendNames)[number]

/** A model as its operator declares it. What is left out is found out or measured. */
export interface ModelOption {
  /** The market's name of it. */
  readonly model: string
  /** What the backend calls it; the same by default. */
  readonly upstreamModel?: string
  /** Streams at once. */
  readonly slots?: number
  /** Output of all slots together. */
  readonly tokensPerSecond?: number
}

export interface HostAgentOptions {
  /** The gateway, such as `https://market.example`. */
  readonly apiUrl: string
  /** Key of the operator's account (`sk_live_…`), for the registration; not needed after it. */
  readonly apiKey?: string
  /** For people; the machine's name by default. */
  readonly name?: string
  /** Instead of what `nvidia-smi` says: a name, or all the facts. */
  readonly gpu?: string | ReadonlyArray<Gpu>
  /** Instead of what the system says of itself. */
  readonly machine?: Partial<Machine>
  /** By default those models of the backend that the market lists. */
  readonly models?: ReadonlyArray<string | ModelOption>
  /**
   * Credits that the operator asks for an output token, such as 0.00012, where hosts set prices; as text, just
   * as it is written. Where the platform sets the prices, it is noted and has no effect.
   */
  readonly pricePerToken?: number | string
  /** `huggingface` by default. A `Backend` of one's own does, too. */
  readonly backend?: BackendName | Backend
  /** Where the backend's server is (openai, langchain, worker). */
  readonly endpointUrl?: string
  /** What that server wants as a bearer token. */
  readonly endpointKey?: string
  /** Key of a LangServe chain's input object, where its schema does not tell. */
  readonly inputKey?: string
  /** The `transformers` program, where it is not on the PATH. */
  readonly transformersProgram?: string
  /** More words for `transformers serve`. */
  readonly transformersWords?: ReadonlyArray<string>
  readonly simulated?: Omit<SimulatedBackendOptions, "models">
  /** Streams at once, all models together; measured by default. */
  readonly slots?: number
  /** Output of all slots together; measured by default. */
  readonly tokensPerSecond?: number
  /** Where the host's id and key are kept; one file for one gateway, see state-file.ts. */
  readonly stateFile?: string
  /** For running jobs to finish after `stop`, s; 30 by default. */
  readonly drainSeconds?: number
  /** Whether `serve` drains and ends on SIGTERM and SIGINT; true by default. */
  readonly handlesSignals?: boolean
  /**
   * Looks at each result before it is handed in; what fails goes back unseen, and another host is tried. Answers
   * are then held back until they are whole. `usualQualityCheck` is 003's.
   */
  readonly qualityChecker?: QualityChecker
  /** Sells the machine by the hour, too. */
  readonly hours?: HoursOptions
  /** Hears what the agent does. */
  readonly onEvent?: (event: AgentEvent) => void
}

/** What is sold by the hour, and how access is given. */
export interface HoursOptions {
  /** As `POST /marketplace/gpu` takes it, without the host: `name`, `memory_gib`, `base_price` … */
  readonly listing: Omit<GpuRegistration, "host_id" | "account_id" | "registration_id">
  readonly grant: GrantOptions
  /** What is looked at, and told of; as its market has it by default. */
  readonly monitoring?: Monitoring
}

/** What the agent tells of itself, in the past tense. */
export type AgentEvent =
  | { readonly type: "measuring"; readonly model: string }
  | {
      readonly type: "measured"
      readonly model: string
      readonly slots: number
      readonly singleTokensPerSecond: number
      readonly tokensPerSecond: number
    }
  | { readonly type: "registered"; readonly hostId: string; readonly isNew: boolean }
  | { readonly type: "serving"; readonly hostId: string; readonly models: ReadonlyArray<string> }
  | { readonly type: "jobStarted"; readonly jobId: string; readonly model: string }
  | {
      readonly type: "jobEnded"
      readonly jobId: string
      readonly end: "completed" | "withdrawn" | "failed" | "lost"
      readonly tokens: number
      readonly detail?: string
    }
  /** The gateway could not be reached, or had no time; tried again after the wait. */
  | { readonly type: "disconnected"; readonly detail: string; readonly retryMillis: number }
  | { readonly type: "reconnected" }
  /** A consumer has access to hours that it booked, until then, and has it no more. */
  | { readonly type: "granted"; readonly bookingId: string; readonly until: string }
  | { readonly type: "revoked"; readonly bookingId: string }
  /** One of its checks found something that its market is told, or found it over. */
  | {
      readonly type: "alert"
      readonly alert: AlertName
      readonly state: "firing" | "resolved"
      readonly value: number
    }
  /** Something that the operator should know. */
  | { readonly type: "notice"; readonly detail: string }
  | { readonly type: "draining"; readonly jobs: number }
  | { readonly type: "stopped" }

/** The agent cannot go on; the message says what its operator can do. */
export class AgentError extends Data.TaggedError("AgentError")<{ readonly message: string }> {}
