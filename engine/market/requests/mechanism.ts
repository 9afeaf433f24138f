/** Requests: allocated to instances, retried, judged and ended. */
import type { Mechanism } from "../state/mechanism.ts"
import { auditRequests } from "./audit.ts"
import { onAttemptEnded, onRequestArrived } from "./requests.ts"

export const requests: Mechanism = {
  name: "requests",
  takes: { RequestArrived: onRequestArrived, AttemptEnded: onAttemptEnded },
  audit: auditRequests,
}
