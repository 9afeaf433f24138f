/**
 * Conversation requests as Azure's users made them: constants fitted by fit-sizes.ts to the 19,366
 * requests of the Azure LLM inference trace of 2023, conversation (Azure Public Dataset, CC-BY 4.0;
 * Patel et al., "Splitwise", arXiv 2311.18677).
 *
 * Sizes: Kolmogorov–Smirnov distances of the marginals to the trace 0.028 (input) and 0.019
 * (output). Arrivals: variance ÷ mean of the counts in 10 s is 3.86 in the trace and in the model;
 * from 1 to 60 s the model is within 7%. The trace covers one hour, so slower changes of the rate
 * are not in it.
 */
import type { RateState } from "./arrivals.ts"
import type { SizeBounds, SizeComponent } from "./sizes.ts"

// prettier-ignore
export const azureConversationSizes: ReadonlyArray<SizeComponent> = [
  { weight: 0.27487, logInputMean: 6.978, logInputDeviation: 0.069549, logOutputMean: 6.0032, logOutputDeviation: 0.047555, correlation: -0.0054327 },
  { weight: 0.244, logInputMean: 5.989, logInputDeviation: 0.042595, logOutputMean: 4.5368, logOutputDeviation: 0.25502, correlation: 0.39634 },
  { weight: 0.2059, logInputMean: 7.3483, logInputDeviation: 0.52881, logOutputMean: 4.568, logOutputDeviation: 0.49669, correlation: -0.042451 },
  { weight: 0.098651, logInputMean: 5.2942, logInputDeviation: 0.090071, logOutputMean: 4.9593, logOutputDeviation: 0.42614, correlation: -0.28978 },
  { weight: 0.074924, logInputMean: 8.3161, logInputDeviation: 0.011137, logOutputMean: 4.0182, logOutputDeviation: 0.46618, correlation: 0.035529 },
  { weight: 0.056088, logInputMean: 6.9834, logInputDeviation: 0.066737, logOutputMean: 6.2505, logOutputDeviation: 0.18261, correlation: 0.096348 },
  { weight: 0.025089, logInputMean: 3.7778, logInputDeviation: 1.1033, logOutputMean: 4.9523, logOutputDeviation: 0.32604, correlation: 0.1635 },
  { weight: 0.020478, logInputMean: 5.3294, logInputDeviation: 0.50177, logOutputMean: 2.7471, logOutputDeviation: 0.20139, correlation: 0.40394 },
]

/** The least and greatest sizes in the trace. */
export const azureConversationBounds: SizeBounds = { input: [2, 14_050], output: [7, 1000] }

/** At 5.53 requests a second. */
export const azureConversationRates: ReadonlyArray<RateState> = [
  { rate: 0.76931, meanSeconds: 222.78 },
  { rate: 1.2307, meanSeconds: 222.78 },
]
