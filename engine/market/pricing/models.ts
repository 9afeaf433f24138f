/** The models that the platform lists, each at a price of its own. */
import { openStream } from "../../core/random.ts"
import { insert, slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { bootstrapStart } from "../../rules/ramp.ts"
import { makeCandidates } from "../../rules/selection.ts"
import type { Market } from "../state/market-state.ts"

export const onModelListed = (
  market: Market,
  event: EventOf<"ModelListed">,
): Rejection | undefined => {
  const { inputPricePerMtok, outputPricePerMtok } = event
  if (!isWhole(event.model) || !isWhole(inputPricePerMtok) || !isWhole(outputPricePerMtok))
    return "InvalidQuantity"
  const known = slotOf(market.models, event.model)
  const model = known >= 0 ? known : insert(market.models, event.model)
  const { columns } = market.models
  columns.inputPricePerMtok[model] = inputPricePerMtok
  columns.outputPricePerMtok[model] = outputPricePerMtok
  if (known >= 0) return undefined
  columns.multiplierHundredths[model] = 100
  columns.rampStart[model] = bootstrapStart(market.rules, 0, 0)
  market.candidates[model] = makeCandidates()
  market.routeStreams[model] = openStream(market.seed, "route", event.model)
  market.demandByParty[model] = new Map()
  market.operators[model] = new Map()
  market.standings[model] = new Int32Array(market.reasonCounts.length)
  return undefined
}
