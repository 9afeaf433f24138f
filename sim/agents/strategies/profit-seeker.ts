/** Chooses by expected profit; what was really earned counts for more than what was expected. */
import { logit } from "../logit.ts"
import type { Decide, Decision } from "../view.ts"
import { expectedIncome, stays } from "../view.ts"

export const profitSeeker: Decide = (view, stream) => {
  const options: Array<{ readonly decision: Decision; readonly profit: number }> = [
    { decision: { _tag: "Leave" }, profit: 0 },
  ]
  for (const outlook of view.outlooks) {
    if (outlook.tokensPerSecond === 0) continue
    const expected = expectedIncome(view, outlook)
    if (outlook.model === view.current) {
      const income =
        view.earnedCreditsPerDay === null
          ? expected
          : 0.8 * view.earnedCreditsPerDay + 0.2 * expected
      options.push({
        decision: stays,
        profit: income * (1 - view.stayLoss) - view.costCreditsPerDay,
      })
    } else
      options.push({
        decision: { _tag: "Switch", model: outlook.model },
        profit: expected * (1 - view.switchLoss) - view.costCreditsPerDay,
      })
  }
  return logit(options, view.temperatureCreditsPerDay, stream)
}
