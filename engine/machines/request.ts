/** A request: every one ends in exactly one `Finish` or `Refuse`. Its outputs are commands of the kernel. */
import { machine } from "../core/machine.ts"

export const requestMachine = machine({
  name: "request",
  meaning:
    "Held, dispatched at once or after a wait, tried elsewhere before its first token, then paid for or refused.",
  initial: "arriving",
  final: ["over"],
  table: {
    arriving: {
      admitted: ["attempting", "Dispatch"],
      queued: ["waiting", "Wait"],
      refused: ["over", "Refuse"],
    },
    waiting: {
      displaced: ["waiting", "Wait"],
      admitted: ["attempting", "Dispatch"],
      // For too long, for nobody any more, or in the place of somebody who waits less.
      refused: ["over", "Refuse"],
    },
    attempting: {
      triedElsewhere: ["attempting", "Dispatch"],
      delivered: ["over", "Finish"],
      // Nothing was delivered, and that was nobody's failure but the consumer's.
      endedByConsumer: ["over", "Finish"],
      exhausted: ["over", "Refuse"],
    },
    over: {},
  },
})
