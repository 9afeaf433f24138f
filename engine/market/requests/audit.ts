/** What holds of the requests under way between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable, slotOf } from "../../core/table.ts"
import { heldAmount } from "../../ledger/holds.ts"
import { priceOf } from "../../rules/price.ts"
import { accusationOf } from "../state/attempts.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of every open request, and of what is in flight for them. O(requests + instances). */
export const auditRequests = (market: Market): void => {
  const { instances, ledger, requests } = market
  auditTable(requests)
  invariant(
    ledger.holds.requests.slots.size <= requests.slots.size,
    "credits are held for open requests only",
  )
  let calls = 0
  const inFlight = new Int32Array(instances.ids.length)
  for (let request = 0; request < requests.used; request++) {
    if (requests.ids[request] === -1) continue
    auditRequest(market, request)
    if (requests.columns.batch[request] === 0) calls += 1
    inFlight[requests.columns.instance[request]] += 1
  }
  invariant(ledger.holds.requests.slots.size === calls, "what is held for requests is for calls")
  for (let instance = 0; instance < instances.used; instance++)
    invariant(
      instances.columns.inFlight[instance] === inFlight[instance],
      "what is in flight is the attempts of open requests",
    )
}

const auditRequest = (market: Market, request: number): void => {
  const { accounts, attempts, instances, models, rules } = market
  const { columns, ids } = market.requests
  const instance = columns.instance[request]
  const attempt = columns.attempt[request]
  invariant(ids[request] <= market.lastRequest, "an open request has arrived")
  invariant(accounts.ids[columns.account[request]] >= 0, "a request's account is open")
  invariant(models.ids[columns.model[request]] >= 0, "a request's model is listed")
  invariant(instances.ids[instance] >= 0, "a request's instance is there")
  invariant(
    instances.columns.model[instance] === columns.model[request],
    "a request's instance serves its model",
  )
  invariant(attempt < rules.maxAttempts, "attempts of a request stay below the rules' most")
  const first = request * rules.maxAttempts
  invariant(
    attempts.instances[first + attempt] === instances.ids[instance],
    "the latest attempt of a request is the one under way",
  )
  invariant(
    accusationOf(attempts, first + attempt) === undefined,
    "nothing is held against an attempt under way",
  )
  if (market.requests.columns.batch[request] === 0) auditHold(market, request)
}

const auditHold = ({ ledger, requests }: Market, request: number): void => {
  const holds = ledger.holds.requests
  const { account, inputPricePerMtok, inputTokens, maxTokens, outputPricePerMtok } =
    requests.columns
  const hold = slotOf(holds, requests.ids[request])
  invariant(hold >= 0, "an open request has a hold")
  invariant(
    holds.columns.customer[hold] === account[request],
    "what is held for a request is its account's",
  )
  const worst = priceOf(
    inputTokens[request],
    inputPricePerMtok[request],
    maxTokens[request],
    outputPricePerMtok[request],
  )
  invariant(heldAmount(holds, hold) >= worst, "a hold covers the most that its request may cost")
}
