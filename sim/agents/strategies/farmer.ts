/**
 * A professional farm with rent to pay, online or not: chooses models by what it has itself earned on
 * them, where it has, and gives up when even the best no longer pays the rent.
 */
import type { Option } from "../logit.ts"
import { logit } from "../logit.ts"
import type { Decide, Decision, ModelOutlook } from "../view.ts"
import { costAt, expectedIncome, others, stays } from "../view.ts"

export const farmer: Decide = (view, stream) => {
  const profitOn = (outlook: ModelOutlook, loss: number): number =>
    (outlook.believedCreditsPerDay ?? expectedIncome(view, outlook)) * (1 - loss) -
    costAt(view.cost, outlook.expectedUtilisation)
  const current: ModelOutlook | undefined = view.outlooks[view.current]
  const staying: Option<Decision> = {
    decision: stays,
    profit:
      current === undefined || current.tokensPerSecond === 0
        ? -Infinity
        : profitOn(current, view.stayLoss),
  }
  const moves = others(view).map((outlook): Option<Decision> => ({
    decision: { _tag: "Switch", model: outlook.model },
    profit: profitOn(outlook, view.switchLoss),
  }))
  if ([staying, ...moves].every(({ profit }) => profit < 0)) return { _tag: "Leave" }
  return logit([staying, ...moves], view.temperatureCreditsPerDay, stream)
}
