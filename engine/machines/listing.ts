/** A listing: what a node sells by the hour. Sold hours are kept in every phase. */
import { machine, machineColumn } from "../core/machine.ts"

/** Codes in the column, in the order of the table. */
export const open = 1
export const closed = 3

export const listingMachine = machine({
  name: "listing",
  meaning: "Does the node sell hours? What is sold is delivered in any case.",
  initial: "draft",
  final: [],
  table: {
    draft: { opened: ["open"], paused: ["paused"], closed: ["closed"] },
    open: { opened: ["open"], paused: ["paused"], closed: ["closed"] },
    paused: { opened: ["open"], paused: ["paused"], closed: ["closed"] },
    // Once its last booking is over, the node may be listed again.
    closed: { listedAgain: ["draft"], closed: ["closed"] },
  },
})
export const listingColumn = machineColumn(listingMachine)
