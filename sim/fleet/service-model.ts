/**
 * The service model: how fast a device serves a model.
 *
 * A decode step reads the weights and every stream's context once, and gives each of b streams one
 * token (the roofline of Williams, Waterman and Patterson, CACM 2009, as used for inference by
 * Pope et al., "Efficiently scaling transformer inference", arXiv 2211.05102):
 *
 *   t(b) = max[ (W_b + KV · context) / (e · BW) + t₀ ,  b · p ]      seconds a token
 *   t₀   = τ · layers + c · 2P_b / F
 *   p    = 2 · P_active · (1 / (m · F) + 1 / G)                      seconds a prompt token
 *
 * - W_b, P_b: bytes and number of the weights that a step with b streams reads; all of them in a
 *   dense model, fewer in a mixture of experts (models.ts).
 * - KV · context: bytes a token of context, times the tokens of all streams together.
 * - BW, F: the device's peak bandwidth and fp16 arithmetic. e, τ, c, m, G: calibration.ts.
 * - t₀: what a step costs besides reading: launching each layer's kernels, and arithmetic that is
 *   not hidden behind the reads (unpacking of weights, done once a step whatever b).
 * - p: prefill costs p a prompt token. The utilisation 1 / (1/m + F/G) falls with the peak F:
 *   that is what the measurements show. A large batch of decoding streams is assumed to do its
 *   arithmetic as efficiently as prefill does.
 *
 * Not modelled: attention's share of prefill, which grows with the prompt (the measurements fall
 * by a fifth from 1,024 to 4,096 tokens), and speculative decoding.
 */
import { calibrations } from "./calibration.ts"
import { usableMemoryBytes, type Device } from "./devices.ts"
import { kvBytesPerToken, shareOfParametersRead, type Model, type Quantisation } from "./models.ts"

/** What an instance is: a model, in some quantisation, on a device. */
export interface Deployment {
  readonly device: Device
  readonly model: Model
  readonly quantisation: Quantisation
}

/** Seconds of one decode step with `streams` streams holding `contextTokens` in all. */
export const decodeStepSeconds = (
  deployment: Deployment,
  streams: number,
  contextTokens: number,
): number => {
  const reading =
    stepSeconds(deployment, streams) + contextTokens * contextSecondsPerToken(deployment)
  return Math.max(reading, streams * prefillSecondsPerToken(deployment))
}

/** Seconds that the device, undisturbed, takes to read a prompt. */
export const prefillSeconds = (deployment: Deployment, inputTokens: number): number =>
  inputTokens * prefillSecondsPerToken(deployment)

/** Seconds from a node's start until the model is loaded: weights ÷ storage bandwidth. */
export const setUpSeconds = ({ device, model, quantisation }: Deployment): number =>
  model.weightBytes[quantisation] / (device.storageGbs * 1e9)

/** Tokens of context, over all streams, for which there is memory. 0: the model does not fit. */
export const contextCapacityTokens = ({ device, model, quantisation }: Deployment): number =>
  Math.max(
    0,
    Math.floor(
      (usableMemoryBytes(device) - model.weightBytes[quantisation]) / kvBytesPerToken(model),
    ),
  )

/** The largest batch that memory allows when each stream holds `contextTokens` (at least 1). */
export const largestBatch = (deployment: Deployment, contextTokens: number): number =>
  Math.floor(contextCapacityTokens(deployment) / contextTokens)

/**
 * The most streams, each holding `contextTokens`, at which every stream still gets at least
 * `floorTokensPerSecond` and all fit in memory. 0 where not even one does.
 * Cost: O(log of the answer), since t(b) grows with b.
 */
export const slotsAtFloor = (
  deployment: Deployment,
  floorTokensPerSecond: number,
  contextTokens: number,
): number => {
  const isEnough = (streams: number): boolean =>
    decodeStepSeconds(deployment, streams, streams * contextTokens) * floorTokensPerSecond <= 1
  let low = 0
  let high = largestBatch(deployment, contextTokens)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isEnough(middle)) low = middle
    else high = middle - 1
  }
  return low
}

/** W_b / (e · BW) + t₀: a step's seconds before it reads any context. */
const stepSeconds = ({ device, model, quantisation }: Deployment, streams: number): number => {
  const constants = calibrations[device.memory]
  const share = shareOfParametersRead(model, streams)
  const reading =
    (share * model.weightBytes[quantisation]) /
    (constants.bandwidthEfficiency * device.bandwidthGbs * 1e9)
  const launching = constants.layerOverheadMicros * 1e-6 * model.layers
  const arithmetic =
    (constants.exposedArithmetic * 2 * share * model.parameters) / (device.fp16DenseTflops * 1e12)
  return reading + launching + arithmetic
}

const contextSecondsPerToken = ({ device, model }: Deployment): number =>
  kvBytesPerToken(model) /
  (calibrations[device.memory].bandwidthEfficiency * device.bandwidthGbs * 1e9)

const prefillSecondsPerToken = ({ device, model, quantisation }: Deployment): number => {
  const constants = calibrations[device.memory]
  const teraOperations = (2 * model.activeParameters) / 1e12
  const secondsPerTera =
    1 / (constants.prefillUtilisation[quantisation] * device.fp16DenseTflops) +
    constants.prefillSecondsPerTera
  return teraOperations * secondsPerTera
}

/**
 * Assumption: while a prompt is read, its chunks take this share of the instance, and decoding
 * streams get the rest. Batching servers that read prompts in chunks between decode steps
 * (Agrawal et al., "Sarathi-Serve", arXiv 2403.02310) set the chunk so that decoding slows down by
 * a bounded factor; 0.8 makes that factor 5.
 */
export const DEFAULT_PREFILL_SHARE = 0.8

/**
 * A deployment as plain numbers, for the hot path; microseconds throughout:
 *   t(b) = max[ stepMicros[b] + contextMicrosPerToken · context, b · arithmeticMicrosPerStream ].
 * Instances of the same deployment share one.
 */
export interface ServiceRates {
  /** By streams 0 … maxStreams: a step before it reads any context. Entry 0 is not used. */
  readonly stepMicros: Float64Array
  readonly contextMicrosPerToken: number
  readonly arithmeticMicrosPerStream: number
  readonly prefillMicrosPerToken: number
  /** Share of the instance that prefill takes while streams decode, in (0, 1). */
  readonly prefillShare: number
  /** Tokens of context, input and output, that fit in memory over all streams. */
  readonly contextCapacityTokens: number
}

/** Compiles a deployment for at most `maxStreams` decoding at once. Cost: O(maxStreams). */
export const compileServiceRates = (
  deployment: Deployment,
  maxStreams: number,
  prefillShare = DEFAULT_PREFILL_SHARE,
): ServiceRates => {
  const stepMicros = new Float64Array(maxStreams + 1)
  for (let b = 1; b <= maxStreams; b++) stepMicros[b] = stepSeconds(deployment, b) * 1e6
  const prefillMicrosPerToken = prefillSecondsPerToken(deployment) * 1e6
  return {
    stepMicros,
    contextMicrosPerToken: contextSecondsPerToken(deployment) * 1e6,
    arithmeticMicrosPerStream: prefillMicrosPerToken,
    prefillMicrosPerToken,
    prefillShare,
    contextCapacityTokens: contextCapacityTokens(deployment),
  }
}

/** The same, decoding `decode` times and reading prompts `prefill` times as fast. */
export const fasterRates = (
  rates: ServiceRates,
  { decode, prefill }: { readonly decode: number; readonly prefill: number },
): ServiceRates => ({
  ...rates,
  stepMicros: rates.stepMicros.map((micros) => micros / decode),
  contextMicrosPerToken: rates.contextMicrosPerToken / decode,
  arithmeticMicrosPerStream: rates.arithmeticMicrosPerStream / decode,
  prefillMicrosPerToken: rates.prefillMicrosPerToken / prefill,
})

/** Tokens a second that each of `streams` streams gets when nothing is being prefilled. */
export const decodeTokensPerSecond = (
  rates: ServiceRates,
  streams: number,
  contextTokens: number,
): number => {
  const reading = rates.stepMicros[streams] + rates.contextMicrosPerToken * contextTokens
  const arithmetic = rates.arithmeticMicrosPerStream * streams
  return 1e6 / (reading > arithmetic ? reading : arithmetic)
}
