/** Keeps the machine busy: idle for an epoch, it goes to the model that promises the most work. */
import type { Decide } from "../view.ts"
import { others, stays } from "../view.ts"

/** Below this part of its slots busy, it looks around; and moves for no less than the gain. */
const leastUtilisation = 0.3
const leastGain = 0.15

export const utilisationGuard: Decide = (view) => {
  const { utilisation } = view
  if (utilisation === null || utilisation >= leastUtilisation) return stays
  const [best] = others(view).toSorted((a, b) => b.expectedUtilisation - a.expectedUtilisation)
  if (best === undefined || best.expectedUtilisation < utilisation + leastGain) return stays
  return { _tag: "Switch", model: best.model }
}
