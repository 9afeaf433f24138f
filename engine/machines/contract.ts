/** A contract on offer: terms for one client, whose capacity is kept meanwhile. Accepted, it is a booking. */
import { machine, machineColumn } from "../core/machine.ts"

export const contractMachine = machine({
  name: "contract",
  meaning: "Terms are offered to one client and accepted, or the capacity is free again.",
  initial: "offered",
  final: ["accepted", "declined", "withdrawn", "expired"],
  table: {
    offered: {
      accepted: ["accepted", "Book", "CloseOffer"],
      declined: ["declined", "CloseOffer"],
      withdrawn: ["withdrawn", "CloseOffer"],
      ranOut: ["expired", "CloseOffer"],
    },
    accepted: {},
    declined: {},
    withdrawn: {},
    expired: {},
  },
})
export const contractColumn = machineColumn(contractMachine)
