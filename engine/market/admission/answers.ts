/**
 * What an answer asks of the gateway beside its verdict (docs/rules.md#outcomes), whether it answered an
 * attempt or a probe: a busy instance is left alone until its Retry-After, and one whose own upstream
 * refuses its token is suspended until its operator replaces it. An upstream may refuse a call for what
 * is in it, too: where one party alone may not harm a host, a probe has to be refused as well.
 */
import { credentialColumn } from "../../machines/admission.ts"
import { invariant } from "../../core/invariant.ts"
import { advance } from "../../core/machine.ts"
import type { AuditFinding } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { Outcome } from "../../protocol/event.ts"
import { pauseMicros } from "../../rules/backpressure.ts"
import type { Market } from "../state/market-state.ts"

/** `retryAfterMicros` is the host's word; 0: it gave none. The caller refreshes the instance. */
export const heed = (
  market: Market,
  instance: number,
  outcome: Outcome,
  retryAfterMicros: number,
): void => {
  const { columns } = market.instances
  if (outcome === "backpressure") {
    columns.backpressureUntil[instance] = market.now + pauseMicros(market.rules, retryAfterMicros)
    columns.isQuiet[instance] = 0
  } else if (outcome === "credentialRefused") {
    advance(credentialColumn, columns.isSuspended, instance, "refused")
    columns.isQuiet[instance] = 0
    audit(market, instance, "CredentialRefused", 1)
  }
}

/** Leaves a finding about an instance in the audit log. */
export const audit = (
  market: Market,
  instance: number,
  finding: AuditFinding,
  quantity: number,
): void => {
  invariant(quantity > 0, "a finding is of something")
  emit(market.sink, {
    _tag: "Audit",
    subject: market.instances.ids[instance],
    finding,
    quantity,
  })
}
