/** Requests: allocated to instances, retried, judged and ended. */
import type { Mechanism } from "../state/mechanism.ts"
import { auditRequests } from "./audit.ts"
import { ofPreempted, ofWaiting } from "../state/market-state.ts"
import { firePreempted } from "./preemption.ts"
import { dismissAll, fireWaiting, onRequestWithdrawn } from "./queueing.ts"
import { onAttemptEnded, onRequestArrived } from "./requests.ts"

export const requests: Mechanism = {
  name: "requests",
  takes: {
    RequestArrived: onRequestArrived,
    RequestWithdrawn: onRequestWithdrawn,
    AttemptEnded: onAttemptEnded,
  },
  timers: [
    { queue: ofWaiting, fire: fireWaiting },
    { queue: ofPreempted, fire: firePreempted },
  ],
  resume: dismissAll,
  audit: auditRequests,
}
