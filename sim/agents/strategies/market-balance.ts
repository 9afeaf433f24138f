/** Serves whatever the market is shortest of, by the public board alone; bounties do not matter to it. */
import type { Decide } from "../view.ts"
import { others, stays } from "../view.ts"

/** A model must be so many times as short as its own before it moves. */
const leastRatio = 1.25

export const marketBalance: Decide = (view) => {
  const [shortest] = others(view).toSorted((a, b) => b.pressure - a.pressure)
  const own = view.outlooks[view.current].pressure
  if (shortest === undefined || shortest.pressure < leastRatio * own) return stays
  return { _tag: "Switch", model: shortest.model }
}
