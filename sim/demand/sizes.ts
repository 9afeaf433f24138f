/**
 * Sizes of requests: input and output tokens, drawn jointly.
 */
import type { Stream } from "../../engine/index.ts"
import { standardNormal } from "../kernel/variates.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { azureConversation } from "./azure-conversation.ts"
import type { SizeComponent } from "./size-component.ts"

export interface DrawnSize {
  inputTokens: number
  outputTokens: number
}

/** Draws a size into `size`; whole tokens, 1 to the scenario's maxima. */
export const sizeDrawer = (
  settings: Scenario["demand"]["sizes"],
): ((stream: Stream, size: DrawnSize) => void) => {
  const components = componentsOf(settings)
  const bounded = (value: number, most: number): number =>
    Math.min(most, Math.max(1, Math.round(value)))
  return (stream, size) => {
    drawSize(components, stream, size)
    size.inputTokens = bounded(size.inputTokens, settings.maxInputTokens)
    size.outputTokens = bounded(size.outputTokens, settings.maxOutputTokens)
  }
}

/** Draws a size from a mixture, neither rounded nor bounded. Weights sum to 1. */
export const drawSize = (
  components: ReadonlyArray<SizeComponent>,
  stream: Stream,
  size: DrawnSize,
): void => {
  const { meanLogInput, meanLogOutput, deviationLogInput, deviationLogOutput, correlation } = pick(
    components,
    stream.next(),
  )
  const a = standardNormal(stream)
  const b = correlation * a + Math.sqrt(1 - correlation * correlation) * standardNormal(stream)
  size.inputTokens = Math.exp(meanLogInput + deviationLogInput * a)
  size.outputTokens = Math.exp(meanLogOutput + deviationLogOutput * b)
}

const componentsOf = (settings: Scenario["demand"]["sizes"]): ReadonlyArray<SizeComponent> =>
  settings.kind === "azure-conversation"
    ? azureConversation
    : [
        {
          weight: 1,
          meanLogInput: Math.log(settings.medianInputTokens),
          meanLogOutput: Math.log(settings.medianOutputTokens),
          deviationLogInput: settings.spread,
          deviationLogOutput: settings.spread,
          correlation: 0,
        },
      ]

const pick = (components: ReadonlyArray<SizeComponent>, lot: number): SizeComponent => {
  let left = lot
  for (const component of components) {
    left -= component.weight
    if (left < 0) return component
  }
  // Rounded weights may sum to a little less than 1.
  return components[components.length - 1]
}
