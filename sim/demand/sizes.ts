/**
 * Sizes of requests: input and output tokens, drawn jointly.
 *
 * Three kinds: a mixture of correlated log-normals (what the traces look like after a fit, see
 * azure-conversation.ts), pairs resampled from a trace, and one fixed pair. A draw fills the sampler's
 * two fields, so that nothing is allocated per request; both are whole numbers from 1.
 */
import { drawBelow, type Stream } from "../../engine/index.ts"
import { choice } from "../kernel/variates.ts"

export interface SizeSampler {
  /** Draws the next pair into the two fields. */
  readonly draw: (stream: Stream) => void
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Least and greatest value of either size; a draw outside is moved to the nearer of the two. */
export interface SizeBounds {
  readonly input: readonly [least: number, greatest: number]
  readonly output: readonly [least: number, greatest: number]
}

/** (ln input, ln output) is bivariate normal with probability `weight`. */
export interface SizeComponent {
  readonly weight: number
  readonly logInputMean: number
  readonly logInputDeviation: number
  readonly logOutputMean: number
  readonly logOutputDeviation: number
  /** Between ln input and ln output within the component, in [−1, 1]. */
  readonly correlation: number
}

export interface SizeMixture {
  readonly components: ReadonlyArray<SizeComponent>
  readonly bounds: SizeBounds
}

/** A mixture with one component: medians and a common spread, independent. */
export const logNormalSizes = (
  medianInputTokens: number,
  medianOutputTokens: number,
  logDeviation: number,
  bounds: SizeBounds,
): SizeMixture => ({
  components: [
    {
      weight: 1,
      logInputMean: Math.log(medianInputTokens),
      logInputDeviation: logDeviation,
      logOutputMean: Math.log(medianOutputTokens),
      logOutputDeviation: logDeviation,
      correlation: 0,
    },
  ],
  bounds,
})

/** Cost of a draw: O(components). */
export class MixtureSizes implements SizeSampler {
  inputTokens = 0
  outputTokens = 0
  private readonly mixture: SizeMixture
  private readonly weights: Float64Array

  constructor(mixture: SizeMixture) {
    this.mixture = mixture
    this.weights = Float64Array.from(mixture.components, ({ weight }) => weight)
  }

  draw(stream: Stream): void {
    const { components, bounds } = this.mixture
    const { logInputMean, logInputDeviation, logOutputMean, logOutputDeviation, correlation } =
      components[choice(stream, this.weights)]
    // Marsaglia's polar method (SIAM Review 6, 1964) gives two normals at once: just what is needed.
    let x: number
    let y: number
    let square: number
    do {
      x = 2 * stream.next() - 1
      y = 2 * stream.next() - 1
      square = x * x + y * y
    } while (square >= 1 || square === 0)
    const stretch = Math.sqrt((-2 * Math.log(square)) / square)
    const first = x * stretch
    const second = correlation * first + Math.sqrt(1 - correlation * correlation) * y * stretch
    this.inputTokens = bounded(logInputMean + logInputDeviation * first, bounds.input)
    this.outputTokens = bounded(logOutputMean + logOutputDeviation * second, bounds.output)
  }
}

/** Resamples pairs, each as likely as any other. The arrays have equal, positive length. */
export class EmpiricalSizes implements SizeSampler {
  inputTokens = 0
  outputTokens = 0
  private readonly inputs: Int32Array
  private readonly outputs: Int32Array

  constructor(inputs: Int32Array, outputs: Int32Array) {
    this.inputs = inputs
    this.outputs = outputs
  }

  draw(stream: Stream): void {
    const pair = drawBelow(stream, this.inputs.length)
    this.inputTokens = this.inputs[pair]
    this.outputTokens = this.outputs[pair]
  }
}

/** The same pair every time; draws nothing from the stream. */
export const fixedSizes = (inputTokens: number, outputTokens: number): SizeSampler => ({
  inputTokens,
  outputTokens,
  draw: () => undefined,
})

const bounded = (logTokens: number, [least, greatest]: SizeBounds["input"]): number => {
  const tokens = Math.round(Math.exp(logTokens))
  return tokens < least ? least : tokens > greatest ? greatest : tokens
}
