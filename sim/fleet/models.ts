/**
 * The catalogue of models: what an instance may serve.
 *
 * Shapes (parameters, layers, key/value heads, head dimension, experts) are those of the models'
 * public cards and configuration files. From them:
 * - context: KV bytes a token = layers · kvHeads · headDim · 2 (a key and a value) · 2 bytes (fp16);
 * - f16 weights: 2 bytes a parameter;
 * - q4 weights (the Q4_K_M format): measured file sizes for the two Llama-3 models (4.58 GiB and
 *   39.59 GiB, that is 4.90 and 4.82 bits a parameter), 4.85 bits a parameter for the others.
 */

export type Quantisation = "q4" | "f16"

export interface Model {
  readonly name: string
  readonly parameters: number
  /** Parameters that one token passes through; all of them in a dense model. */
  readonly activeParameters: number
  readonly layers: number
  readonly kvHeads: number
  readonly headDim: number
  /** A mixture of experts: how many there are in a layer, and how many one token uses. */
  readonly experts: { readonly count: number; readonly active: number } | null
  readonly weightBytes: Readonly<Record<Quantisation, number>>
  readonly source: string
}

const GIB = 2 ** 30
const Q4_BYTES_PER_PARAMETER = 4.85 / 8
const F16_BYTES_PER_PARAMETER = 2

const weightsOf = (parameters: number): Readonly<Record<Quantisation, number>> => ({
  q4: parameters * Q4_BYTES_PER_PARAMETER,
  f16: parameters * F16_BYTES_PER_PARAMETER,
})

export const models: ReadonlyArray<Model> = [
  {
    name: "llama-3.2-3b",
    parameters: 3.21e9,
    activeParameters: 3.21e9,
    layers: 28,
    kvHeads: 8,
    headDim: 128,
    experts: null,
    weightBytes: weightsOf(3.21e9),
    source: "model card and config of meta-llama/Llama-3.2-3B",
  },
  {
    name: "llama-3-8b",
    parameters: 8.03e9,
    activeParameters: 8.03e9,
    layers: 32,
    kvHeads: 8,
    headDim: 128,
    experts: null,
    weightBytes: { q4: 4.58 * GIB, f16: 14.96 * GIB },
    source:
      "model card and config of meta-llama/Meta-Llama-3-8B; sizes: XiongjieDai, GPU-Benchmarks-on-LLM-Inference",
  },
  {
    name: "qwen3-30b-a3b",
    parameters: 30.5e9,
    activeParameters: 3.3e9,
    layers: 48,
    kvHeads: 4,
    headDim: 128,
    experts: { count: 128, active: 8 },
    weightBytes: weightsOf(30.5e9),
    source: "model card and config of Qwen/Qwen3-30B-A3B",
  },
  {
    name: "qwen3-32b",
    parameters: 32.8e9,
    activeParameters: 32.8e9,
    layers: 64,
    kvHeads: 8,
    headDim: 128,
    experts: null,
    weightBytes: weightsOf(32.8e9),
    source: "model card and config of Qwen/Qwen3-32B",
  },
  {
    name: "mixtral-8x7b",
    parameters: 46.7e9,
    activeParameters: 12.9e9,
    layers: 32,
    kvHeads: 8,
    headDim: 128,
    experts: { count: 8, active: 2 },
    weightBytes: weightsOf(46.7e9),
    source:
      "Jiang et al., Mixtral of Experts, arXiv 2401.04088; config of mistralai/Mixtral-8x7B-v0.1",
  },
  {
    name: "llama-3-70b",
    parameters: 70.6e9,
    activeParameters: 70.6e9,
    layers: 80,
    kvHeads: 8,
    headDim: 128,
    experts: null,
    weightBytes: { q4: 39.59 * GIB, f16: 131.42 * GIB },
    source:
      "model card and config of meta-llama/Meta-Llama-3-70B; sizes: XiongjieDai, GPU-Benchmarks-on-LLM-Inference",
  },
]

const byName = new Map(models.map((model) => [model.name, model]))

/** The model of that exact name, or `undefined`. */
export const findModel = (name: string): Model | undefined => byName.get(name)

const BYTES_PER_VALUE = 2

/** Bytes of memory that one token of context takes: a key and a value, in fp16, in each layer. */
export const kvBytesPerToken = (model: Model): number =>
  model.layers * model.kvHeads * model.headDim * 2 * BYTES_PER_VALUE

/**
 * The share of the parameters that one decode step reads when `streams` tokens are decoded at
 * once: 1 in a dense model. In a mixture of experts each token picks k of its layer's E experts;
 * if it picks them evenly and independently, a step touches the share 1 − (1 − k/E)^streams of
 * them, so that the more streams, the less the mixture saves.
 *
 * The parameters outside the experts follow from the card's two totals:
 * active = shared + (k/E) · experts and parameters = shared + experts.
 *
 * Cost: O(log streams).
 */
export const shareOfParametersRead = (model: Model, streams: number): number => {
  if (model.experts === null) return 1
  const activeShare = model.experts.active / model.experts.count
  const expertParameters = (model.parameters - model.activeParameters) / (1 - activeShare)
  const untouched = integerPower(1 - activeShare, streams)
  return 1 - (expertParameters / model.parameters) * untouched
}

/** base^exponent by repeated squaring: unlike Math.pow, the same bits on every engine. */
const integerPower = (base: number, exponent: number): number => {
  let power = 1
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power *= square
    square *= square
  }
  return power
}
