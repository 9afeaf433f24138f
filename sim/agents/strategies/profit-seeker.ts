/** Chooses by expected profit; what was really earned counts for more than what was expected. */
import type { Stream } from "../../../engine/index.ts"
import type { Option } from "../logit.ts"
import { logit } from "../logit.ts"
import type { Decide, Decision, ModelOutlook, OperatorView } from "../view.ts"
import { costAt, expectedIncome, others, stays } from "../view.ts"

/** What its own pay weighs against the board's promise. */
const ownWeight = 0.8

export const profitSeeker: Decide = (view, stream) =>
  logit(
    [leaving(view), { decision: stays, profit: stayingProfit(view) }, ...switches(view)],
    view.temperatureCreditsPerDay,
    stream,
  )

/** The model with which somebody who is not there would come, once asked; `Stay`: away. */
export const joining = (view: OperatorView, stream: Stream): Decision =>
  logit(
    [{ decision: stays, profit: view.outsideCreditsPerDay }, ...switches(view)],
    view.temperatureCreditsPerDay,
    stream,
  )

const leaving = ({ outsideCreditsPerDay }: OperatorView): Option<Decision> => ({
  decision: { _tag: "Leave" },
  profit: outsideCreditsPerDay,
})

const switches = (view: OperatorView): ReadonlyArray<Option<Decision>> =>
  others(view).map((outlook) => ({
    decision: { _tag: "Switch", model: outlook.model },
    profit:
      expectedIncome(view, outlook) * (1 - view.switchLoss) -
      costAt(view.cost, outlook.expectedUtilisation),
  }))

/** Where the machine cannot serve its model at all, there is nothing to be had by staying. */
const stayingProfit = (view: OperatorView): number => {
  const outlook: ModelOutlook | undefined = view.outlooks[view.current]
  if (outlook === undefined || outlook.tokensPerSecond === 0) return -Infinity
  const expected = expectedIncome(view, outlook)
  const { earnedCreditsPerDay: earned } = view
  const income = earned === null ? expected : ownWeight * earned + (1 - ownWeight) * expected
  return (
    income * (1 - view.stayLoss) -
    costAt(view.cost, view.utilisation ?? outlook.expectedUtilisation)
  )
}
