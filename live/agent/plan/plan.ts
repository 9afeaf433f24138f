/**
 * What a host is about to declare: what the operator said, else what was declared before, else what
 * is found out and measured.
 */
import { Effect } from "effect"
import type { Registration } from "../../protocol/host-protocol.ts"
import type { Backend } from "../backends/backend.ts"
import type { Gpu } from "../machine/gpus.ts"
import { detectGpus, gpuName } from "../machine/gpus.ts"
import type { Machine } from "../machine/machine.ts"
import { detectMachine } from "../machine/machine.ts"
import type { Measurement } from "./measure.ts"
import { measure } from "./measure.ts"
import { fromPromise } from "../transport/from-promise.ts"
import type { AgentEvent, HostAgentOptions, ModelOption } from "./options.ts"
import { AgentError } from "./options.ts"
import type { DeclaredModel } from "./state-file.ts"

export interface HostPlan {
  readonly name: string
  readonly gpu: string | undefined
  readonly gpus: ReadonlyArray<Gpu>
  readonly machine: Machine
  readonly backend: string
  readonly models: ReadonlyArray<DeclaredModel>
  readonly pricePerToken: number | string | undefined
  /** By the model that was measured; none where everything was given. */
  readonly measurement: Measurement | undefined
}

/** The operator's models in one form. */
export const modelOptions = ({ models = [] }: HostAgentOptions): ReadonlyArray<ModelOption> =>
  models.map((one) => (typeof one === "string" ? { model: one } : one))

export interface PlanInputs {
  readonly options: HostAgentOptions
  /** Started. */
  readonly backend: Backend
  /** What was registered at an earlier start. */
  readonly declared: ReadonlyArray<DeclaredModel>
  /** Asks the market for the models that it lists. */
  readonly listedModels: Effect.Effect<ReadonlyArray<string>, Error>
  readonly say: (event: AgentEvent) => void
  readonly signal?: AbortSignal
}

export const makePlan = (inputs: PlanInputs): Effect.Effect<HostPlan, Error> =>
  Effect.gen(function* () {
    const { options, backend } = inputs
    const { gpu } = options
    const [found, machine] = yield* Effect.all([detectGpus(), detectMachine], { concurrency: 2 })
    const gpus = typeof gpu === "object" ? gpu : found
    const { models, measurement } = yield* declare(inputs, yield* offeredModels(inputs))
    return {
      name: options.name ?? options.machine?.hostname ?? machine.hostname,
      gpu: typeof gpu === "string" ? gpu : gpuName(gpus),
      gpus,
      machine: { ...machine, ...options.machine },
      backend: backend.description,
      models,
      pricePerToken: options.pricePerToken,
      measurement,
    }
  })

const offeredModels = ({
  options,
  backend,
  listedModels,
}: PlanInputs): Effect.Effect<ReadonlyArray<ModelOption>, Error> =>
  Effect.gen(function* () {
    const named = modelOptions(options)
    if (named.length > 0) return named
    const served = yield* fromPromise(() => backend.models())
    if (served.length === 0)
      return yield* new AgentError({
        message: `${backend.description} serves no model yet: load one there, or name one with --model`,
      })
    const listed = new Set(yield* listedModels)
    const both = served.filter((model) => listed.has(model)).map((model) => ({ model }))
    if (both.length > 0) return both
    return yield* new AgentError({
      message: `The market lists none of the backend's models under the same name. The backend has ${shown(served)}; the market lists ${shown([...listed])}. Say which is which: --model MARKET-NAME=BACKEND-NAME`,
    })
  })

const mostShown = 10
const shown = (names: ReadonlyArray<string>): string =>
  names.length === 0
    ? "none"
    : `${names.slice(0, mostShown).join(", ")}${names.length > mostShown ? " and more" : ""}`

/** Slots and speed of each model. What is not known is measured once, on the first such model. */
const declare = (inputs: PlanInputs, offered: ReadonlyArray<ModelOption>) =>
  Effect.gen(function* () {
    const { options, declared } = inputs
    const known = new Map(declared.map((one) => [one.model, one]))
    const share = (whole: number | undefined): number | undefined =>
      whole === undefined ? undefined : Math.max(1, Math.floor(whole / offered.length))
    const givenOf = (one: ModelOption) => ({
      slots: one.slots ?? share(options.slots) ?? known.get(one.model)?.slots,
      tokensPerSecond:
        one.tokensPerSecond ??
        share(options.tokensPerSecond) ??
        known.get(one.model)?.tokens_per_second,
    })
    const unknown = offered.find((one) => {
      const { slots, tokensPerSecond } = givenOf(one)
      return slots === undefined || tokensPerSecond === undefined
    })
    const measurement = unknown === undefined ? undefined : yield* measured(inputs, unknown)
    const models = offered.map((one): DeclaredModel => {
      const { slots, tokensPerSecond } = givenOf(one)
      return {
        model: one.model,
        upstream_model: one.upstreamModel ?? one.model,
        slots: slots ?? share(measurement?.slots) ?? 1,
        tokens_per_second: Math.max(
          1,
          Math.floor(tokensPerSecond ?? share(measurement?.tokensPerSecond) ?? 1),
        ),
      }
    })
    return { models, measurement }
  })

const measured = (
  { options, backend, say, signal }: PlanInputs,
  { model, upstreamModel = model }: ModelOption,
): Effect.Effect<Measurement, Error> => {
  if (options.backend === "simulated") return Effect.succeed(simulatedMeasurement(options))
  say({ type: "measuring", model })
  return Effect.tap(
    fromPromise(() => measure(backend, upstreamModel, {}, signal)),
    ({ slots, singleTokensPerSecond, tokensPerSecond }) =>
      Effect.sync(() =>
        say({ type: "measured", model, slots, singleTokensPerSecond, tokensPerSecond }),
      ),
  )
}

/** A simulation is as fast as it was told to be. */
const simulatedMeasurement = ({ simulated }: HostAgentOptions): Measurement => {
  const { slots = 4, tokensPerSecond = 40 } = simulated ?? {}
  return {
    slots,
    singleTokensPerSecond: tokensPerSecond,
    tokensPerSecond: slots * tokensPerSecond,
    rungs: [],
  }
}

/** The plan as the gateway takes it. */
export const registrationOf = (plan: HostPlan, registrationId: string): Registration => {
  const { gpus, machine } = plan
  return {
    name: plan.name.slice(0, 100),
    registration_id: registrationId,
    delivery: "pull",
    models: plan.models,
    ...(plan.pricePerToken === undefined ? {} : { price_per_token: plan.pricePerToken }),
    ...(plan.gpu === undefined ? {} : { gpu: plan.gpu.slice(0, 200) }),
    backend: plan.backend.slice(0, 100),
    hardware: {
      gpus: gpus.map((one) => ({
        name: one.name,
        memory_total_mib: one.memoryTotalMib ?? null,
        driver: one.driver ?? null,
        compute_capability: one.computeCapability ?? null,
      })),
      cpu: machine.cpu,
      cpu_cores: machine.cpuCores,
      memory_mib: machine.memoryMib,
      disk_total_mib: machine.diskTotalMib ?? null,
      disk_free_mib: machine.diskFreeMib ?? null,
      system: machine.system,
    },
  }
}
