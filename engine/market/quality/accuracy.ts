/**
 * Accuracy (docs/rules.md#specialised-models): what an instance of a specialised model was measured at. Until it was,
 * and while it is less than the model asks for, it serves nothing.
 */
import { slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { provenFake } from "../../rules/quality.ts"
import { lookAgain } from "../admission/probes.ts"
import type { Market } from "../state/market-state.ts"

export const onAccuracyMeasured = (
  market: Market,
  event: EventOf<"AccuracyMeasured">,
): Rejection | undefined => {
  const { by, scoreBps } = event
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  if (!isWhole(scoreBps) || scoreBps > 10_000) return "InvalidQuantity"
  if (by !== undefined && slotOf(market.accounts, by) < 0) return "UnknownAccount"
  // Whoever knows the questions of the test answers them: the set stays with the market.
  const { accuracyBps } = market.instances.columns
  const isTheMarkets = market.rules.isAccuracyMarkets || accuracyBps[instance] === provenFake
  if (by !== undefined && isTheMarkets) return "NotParty"
  accuracyBps[instance] = scoreBps
  lookAgain(market, instance)
  return undefined
}
