/** All machines of the kernel, for tests that visit every state and for the diagrams in docs/machines.md. */
import type { Machine } from "../core/machine.ts"
import { batchMachine } from "./batch.ts"
import { bookingMachine } from "./booking.ts"
import { contractMachine } from "./contract.ts"
import {
  breakerMachine,
  credentialMachine,
  doubtMachine,
  floorMachine,
  probeMachine,
} from "./admission.ts"
import { connectionMachine, serviceMachine, supervisionMachine } from "./presence.ts"
import { listingMachine } from "./listing.ts"
import { requestMachine } from "./request.ts"

export const kernelMachines: ReadonlyArray<Machine<string, string, string>> = [
  breakerMachine,
  probeMachine,
  floorMachine,
  doubtMachine,
  credentialMachine,
  connectionMachine,
  supervisionMachine,
  serviceMachine,
  requestMachine,
  listingMachine,
  bookingMachine,
  batchMachine,
  contractMachine,
]
