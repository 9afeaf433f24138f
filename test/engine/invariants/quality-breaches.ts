/** What is asserted of quality, broken. */
import { insert } from "../../../engine/core/table.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { auditQuality } from "../../../engine/market/quality/audit.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { arrive, openSmallMarket } from "../../support/market.ts"
import type { Breaches } from "./breaches.ts"

const audited = (spoil: (market: Market) => void) => (): void => {
  const trial = openSmallMarket()
  arrive(trial, 7)
  auditMarket(trial.market)
  spoil(trial.market)
  auditQuality(trial.market)
}

export const qualityBreaches: Breaches = {
  "an answer is run again when it is paid for": audited(({ rechecks }) => void insert(rechecks, 7)),
  "an answer that is run again was an account's": audited(({ rechecks }) => {
    rechecks.columns.account[insert(rechecks, 8)] = 15
  }),
  "an instance is accurate in all answers at most": audited(
    ({ instances }) => void (instances.columns.accuracyBps[0] = 10_001),
  ),
  "a model asks for accuracy in all answers at most": audited(
    ({ models }) => void (models.columns.accuracyBps[0] = 10_001),
  ),
}
