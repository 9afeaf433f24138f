/**
 * A professional farm with rent to pay, online or not: chooses models by what it has itself earned on
 * them, where it has, and gives up when even the best no longer pays the rent.
 */
import { logit } from "../logit.ts"
import type { Decide } from "../view.ts"
import { expectedIncome, stays } from "../view.ts"

export const farmer: Decide = (view, stream) => {
  const options = view.outlooks
    .filter(({ tokensPerSecond }) => tokensPerSecond > 0)
    .map((outlook) => {
      const isCurrent = outlook.model === view.current
      const income = outlook.believedCreditsPerDay ?? expectedIncome(view, outlook)
      return {
        decision: isCurrent ? stays : ({ _tag: "Switch", model: outlook.model } as const),
        profit:
          income * (1 - (isCurrent ? view.stayLoss : view.switchLoss)) - view.costCreditsPerDay,
      }
    })
  if (options.every(({ profit }) => profit < 0)) return { _tag: "Leave" }
  return logit(options, view.temperatureCreditsPerDay, stream)
}
