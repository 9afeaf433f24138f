/** Goes wherever the announced multiplier is highest, whatever it costs. */
import type { Decide, ModelOutlook } from "../view.ts"
import { stays } from "../view.ts"

export const bountyChaser: Decide = (view) => {
  let best: ModelOutlook | undefined
  for (const outlook of view.outlooks)
    if (outlook.tokensPerSecond > 0 && (best === undefined || outlook.multiplier > best.multiplier))
      best = outlook
  const current = view.outlooks[view.current]
  if (best === undefined || best.multiplier <= current.multiplier) return stays
  return { _tag: "Switch", model: best.model }
}
