/**
 * Sizes of conversation requests: a mixture of eight bivariate log-normals fitted by `fit-sizes.ts` to
 * the 19,366 requests of the Azure LLM inference trace of 2023, conversation (Microsoft Azure public
 * dataset, CC-BY 4.0; Patel et al., "Splitwise", arXiv 2311.18677). Kolmogorov–Smirnov distance of the
 * marginals to the trace: 0.035 for input, 0.018 for output.
 */
import type { SizeComponent } from "./size-component.ts"

export const azureConversation: ReadonlyArray<SizeComponent> = [
  {
    weight: 0.272602,
    meanLogInput: 6.97798,
    meanLogOutput: 6.00265,
    deviationLogInput: 0.0687125,
    deviationLogOutput: 0.0457822,
    correlation: -0.0040863,
  },
  {
    weight: 0.242951,
    meanLogInput: 5.98857,
    meanLogOutput: 4.53698,
    deviationLogInput: 0.0407574,
    deviationLogOutput: 0.25457,
    correlation: 0.416207,
  },
  {
    weight: 0.207469,
    meanLogInput: 7.34315,
    meanLogOutput: 4.57342,
    deviationLogInput: 0.536896,
    deviationLogOutput: 0.501188,
    correlation: -0.0194516,
  },
  {
    weight: 0.0985696,
    meanLogInput: 5.29414,
    meanLogOutput: 4.95958,
    deviationLogInput: 0.0893394,
    deviationLogOutput: 0.425895,
    correlation: -0.290869,
  },
  {
    weight: 0.0745767,
    meanLogInput: 8.31552,
    meanLogOutput: 4.00094,
    deviationLogInput: 0.03,
    deviationLogOutput: 0.434681,
    correlation: 0.00489605,
  },
  {
    weight: 0.0582266,
    meanLogInput: 6.98286,
    meanLogOutput: 6.24396,
    deviationLogInput: 0.0658207,
    deviationLogOutput: 0.182465,
    correlation: 0.10103,
  },
  {
    weight: 0.0251616,
    meanLogInput: 3.78352,
    meanLogOutput: 4.95182,
    deviationLogInput: 1.10719,
    deviationLogOutput: 0.325484,
    correlation: 0.159434,
  },
  {
    weight: 0.0204429,
    meanLogInput: 5.32792,
    meanLogOutput: 2.74678,
    deviationLogInput: 0.500519,
    deviationLogOutput: 0.200096,
    correlation: 0.406888,
  },
]
