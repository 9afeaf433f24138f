/** A booking: hours of a listing, sold to one account. Its outputs are commands of the kernel. */
import { machine, machineColumn } from "../core/machine.ts"

/** Codes in the column, in the order of the table. */
export const held = 0
export const active = 1
export const delivered = 2
export const disputed = 3
export const over = 4

export const bookingMachine = machine({
  name: "booking",
  meaning: "Hours are held, delivered, confirmed or disputed, and paid for once.",
  initial: "held",
  final: ["closed"],
  table: {
    held: {
      due: ["held", "Grant"],
      started: ["active"],
      cancelled: ["closed", "Close"],
      notStarted: ["closed", "Revoke", "Close"],
    },
    active: {
      periodEnded: ["active", "Release"],
      ended: ["delivered", "Revoke", "AskConfirmation"],
      disputed: ["disputed", "Revoke"],
    },
    delivered: {
      periodEnded: ["delivered", "Release"],
      settled: ["closed", "Release", "Close"],
      disputed: ["disputed"],
    },
    disputed: {
      answered: ["disputed", "AskRuling"],
      settled: ["closed", "Release", "Close"],
    },
    closed: {},
  },
})
export const bookingColumn = machineColumn(bookingMachine)
