/** Rents a machine by the hour while the board promises more than the rent, and gives it back otherwise. */
import type { Decide } from "../view.ts"
import { costAt, expectedIncome, stays } from "../view.ts"

/** It wants so much more than the rent. */
const leastMargin = 1.1

export const cloudArbitrageur: Decide = (view) => {
  const best = view.outlooks
    .filter(({ tokensPerSecond }) => tokensPerSecond > 0)
    .map((outlook) => ({
      model: outlook.model,
      cost: costAt(view.cost, outlook.expectedUtilisation),
      income:
        expectedIncome(view, outlook) *
        (1 - (outlook.model === view.current ? view.stayLoss : view.switchLoss)),
    }))
    .toSorted((a, b) => b.income - a.income)[0]
  if (best === undefined || best.income < leastMargin * best.cost)
    return { _tag: "Pause", hours: 1 }
  return best.model === view.current ? stays : { _tag: "Switch", model: best.model }
}
