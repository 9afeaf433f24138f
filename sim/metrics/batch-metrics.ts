/** Batches: what is taken, what of it is done by its deadline, and in which hours. */
import type { Channel } from "../recording/recorder.ts"
import { metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"

const ratio =
  (top: Channel, bottom: Channel) =>
  ({ sum }: Window): number =>
    sum(top) / sum(bottom)

const ofOver = "batches that are over"
const ofItems = "items of batches that are over"
const answered = "items that were answered"

export const batchMetrics = metricsIn("batches", [
  {
    name: "batches.takenShare",
    label: "Batches taken",
    unit: "share",
    meaning: "Batches that the market took",
    base: "batches handed in",
    valueOf: ratio("batchesTaken", "batchesAsked"),
  },
  {
    name: "batches.doneShare",
    label: "Batches done by their deadline",
    unit: "share",
    meaning: "Batches of which every item was answered by the deadline",
    base: ofOver,
    valueOf: ratio("batchesDone", "batchesOver"),
  },
  {
    name: "batches.items.done",
    label: "Items done by their deadline",
    unit: "share",
    meaning: "Items that were answered by the deadline",
    base: ofItems,
    valueOf: ratio("batchItemsDone", "batchItems"),
  },
  {
    name: "batches.items.late",
    label: "Items too late",
    unit: "share",
    meaning: "Items that were not answered by the deadline, and are not charged",
    base: ofItems,
    valueOf: ratio("batchItemsLate", "batchItems"),
  },
  {
    name: "batches.items.void",
    label: "Items void",
    unit: "share",
    meaning: "Items that failed once too often",
    base: ofItems,
    valueOf: ratio("batchItemsVoid", "batchItems"),
  },
  {
    name: "batches.hours",
    label: "Time until a batch is over",
    unit: "h",
    meaning: "Time from when a batch was handed in until it was over",
    base: ofOver,
    valueOf: ({ sum }) => sum("batchSeconds") / 3600 / sum("batchesOver"),
  },
  {
    name: "batches.itemsPerDay",
    label: "Items answered",
    unit: "1/d",
    meaning: "Items that were answered",
    base: "time",
    valueOf: ({ sum, days }) => sum("itemsServed") / days,
  },
  {
    name: "batches.nightShare",
    label: "Items answered at night",
    unit: "share",
    meaning: "Items that were answered between 22 and 8, by the clock of demand",
    base: answered,
    valueOf: ratio("itemsServedAtNight", "itemsServed"),
  },
  {
    name: "batches.chargedPerDay",
    label: "Paid for batches",
    unit: "credits/d",
    meaning: "What batches that are over were charged",
    base: "time",
    valueOf: ({ sum, days }) => sum("batchCharged") / days,
  },
])
