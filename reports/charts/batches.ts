/** Where batches are handed in: what becomes of their items. */
import { chartByName } from "./by-name.ts"

export const batchItems = chartByName({
  id: "batch-items",
  name: "What becomes of items of batches",
  metric: "batches.items.",
  xTitle: "percent of the items of batches that are over",
  titleOf: (end, mean) => `Of the items of batches, ${mean} % are ${end}`,
  note: "done: answered by the deadline; late: not answered by it; void: failed once too often",
  bounds: [],
  factor: 100,
  missing: "The run recorded no metrics batches.items.….",
})
