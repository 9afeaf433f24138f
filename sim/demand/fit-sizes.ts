/**
 * The kept script behind azure-conversation.ts: fits a mixture of log-normals to a trace's sizes,
 * and two rate states to its arrivals. Prints the constants as they are written there, and how near
 * they come: Kolmogorov–Smirnov distances of both marginals, dispersion of counts by time scale.
 *
 *   fit-sizes.ts AzureLLMInferenceTrace_conv.csv [components, 8 if absent]
 */
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Data, Effect } from "effect"
import { fitMixture, type MixtureFit } from "./fit-mixture.ts"
import { fitRateStates, type RateFit } from "./fit-rate-states.ts"
import { loadTrace } from "./trace/read-trace.ts"

class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const DEFAULT_COMPONENTS = 8

const program = Effect.gen(function* () {
  const [path, count = String(DEFAULT_COMPONENTS)] = process.argv.slice(2)
  const components = Number(count)
  if (path === undefined || !Number.isInteger(components) || components < 1 || components > 32) {
    return yield* new UsageError({
      message: `usage: fit-sizes TRACE [COMPONENTS]; allowed are 1 to 32 components, found ${count}`,
    })
  }
  const trace = yield* loadTrace(path)
  yield* Console.log(describeMixture(fitMixture(trace, components)))
  yield* Console.log(describeRates(fitRateStates(trace.times)))
})

const describeMixture = ({ mixture, inputDistance, outputDistance }: MixtureFit): string =>
  [
    "sizes",
    ...mixture.components.map((component) => JSON.stringify(component, rounded)),
    `bounds ${JSON.stringify(mixture.bounds)}`,
    `KS distance: input ${inputDistance.toFixed(4)}, output ${outputDistance.toFixed(4)}`,
  ].join("\n")

const describeRates = ({ requestsPerSecond, states, scales }: RateFit): string =>
  [
    `arrivals: ${requestsPerSecond.toFixed(3)} a second`,
    ...states.map((state) => JSON.stringify(state, rounded)),
    ...scales.map(
      ({ seconds, measured, fitted }) =>
        `variance ÷ mean of ${seconds} s counts: ${measured.toFixed(2)}, fitted ${fitted.toFixed(2)}`,
    ),
  ].join("\n")

const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Number(value.toPrecision(5)) : value

program.pipe(Effect.provide(NodeContext.layer), NodeRuntime.runMain)
