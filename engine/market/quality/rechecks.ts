/**
 * Answers that are run again (docs/rules.md#quality): a share of them, drawn when they are paid for, so that nobody
 * knows before which. An answer that is proven to be another model's is fraud, and may be its instance's last.
 */
import { insert, remove, slotOf } from "../../core/table.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { count } from "../../rules/health.ts"
import { provenFake } from "../../rules/quality.ts"
import { lookAgain } from "../admission/probes.ts"
import { confirmFraud } from "../payout/vesting.ts"
import type { Market } from "../state/market-state.ts"

/** Draws whether the answer to a request, which is whole, is to be run again. */
export const drawRecheck = (market: Market, id: number, instance: number): void => {
  const { auditStream, instances, now, rechecks, rules, sink } = market
  if (rules.auditShare === 0 || !(auditStream.next() < rules.auditShare)) return
  const slot = insert(rechecks, id)
  rechecks.columns.instance[slot] = instances.ids[instance]
  rechecks.columns.account[slot] = instances.columns.account[instance]
  const untilMicros = now + rules.auditMicros
  rechecks.columns.until[slot] = untilMicros
  emit(sink, { _tag: "Recheck", request: id, instance: instances.ids[instance], untilMicros })
}

export const onQualityAudited = (
  market: Market,
  event: EventOf<"QualityAudited">,
): Rejection | undefined => {
  const { instances, now, rechecks, sink } = market
  const slot = slotOf(rechecks, event.request)
  if (slot < 0 || rechecks.columns.until[slot] <= now) return "UnknownRequest"
  const id = rechecks.columns.instance[slot]
  const account = rechecks.columns.account[slot]
  remove(rechecks, slot)
  if (event.isSame) return undefined
  emit(sink, { _tag: "Audit", subject: id, finding: "QualityFailed", quantity: 1 })
  confirmFraud(market, account)
  const instance = slotOf(instances, id)
  if (instance < 0) return undefined
  count(market.health, "failures", instance, 1)
  if (market.rules.areFakesStopped) instances.columns.accuracyBps[instance] = provenFake
  lookAgain(market, instance)
  return undefined
}

/** Second runs that are not waited for any more. O(those under way). */
export const dropRechecks = ({ now, rechecks }: Market): void => {
  for (let slot = 0; slot < rechecks.used; slot++)
    if (rechecks.ids[slot] !== -1 && rechecks.columns.until[slot] <= now) remove(rechecks, slot)
}
