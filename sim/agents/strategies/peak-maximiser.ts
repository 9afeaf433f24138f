/**
 * On the market only in the hours of the day that earn more than they cost. It learns them by being
 * there, and looks again now and then at those that it had given up.
 */
import type { Decide } from "../view.ts"
import { costAt, stays } from "../view.ts"

const exploration = 0.05

export const peakMaximiser: Decide = (view, stream) => {
  const isExploring = stream.next() < exploration
  const { believedCreditsInHour, cost, utilisation } = view
  if (isExploring || believedCreditsInHour === null) return stays
  return believedCreditsInHour >= costAt(cost, utilisation ?? 0) / 24
    ? stays
    : { _tag: "Pause", hours: 1 }
}
