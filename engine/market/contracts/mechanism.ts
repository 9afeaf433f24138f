/** Contracts and reservations: hours on offer to one client. */
import { wakeAt } from "../../core/wake-queue.ts"
import type { Market } from "../state/market-state.ts"
import { ofContracts } from "../state/market-state.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { onContractAccepted } from "./acceptance.ts"
import { auditOffers } from "./audit.ts"
import { expireOffer, onContractClosed, onContractOffered } from "./offers.ts"

/** What ran out while the gateway was away runs out now: an offer costs nobody anything, and may be made again. */
const catchUp = ({ contracts, now, wakes }: Market): void => {
  for (let contract = 0; contract < contracts.used; contract++)
    if (contracts.ids[contract] !== -1)
      wakeAt(wakes[ofContracts], contract, Math.max(now, contracts.columns.deadline[contract]))
}

export const contracts: Mechanism = {
  name: "contracts",
  takes: {
    ContractOffered: onContractOffered,
    ContractAccepted: onContractAccepted,
    ContractClosed: onContractClosed,
  },
  timers: [{ queue: ofContracts, fire: expireOffer }],
  resume: catchUp,
  audit: auditOffers,
}
