/** A batch: requests that can wait, held together and paid for as they end. Its outputs are commands of the kernel. */
import { machine, machineColumn } from "../core/machine.ts"

/** Codes in the column, in the order of the table. */
export const open = 0

export const batchMachine = machine({
  name: "batch",
  meaning:
    "Items are given out while there is room, and each is paid for once; what is left is void.",
  initial: "open",
  final: ["done", "expired", "cancelled"],
  table: {
    open: {
      itemEnded: ["open"],
      lastEnded: ["done", "CloseBatch"],
      cancelled: ["cancelling"],
      due: ["expired", "CloseBatch"],
    },
    // What is under way is still answered, and paid for.
    cancelling: {
      itemEnded: ["cancelling"],
      lastEnded: ["cancelled", "CloseBatch"],
      due: ["cancelled", "CloseBatch"],
    },
    done: {},
    expired: {},
    cancelled: {},
  },
})
export const batchColumn = machineColumn(batchMachine)
