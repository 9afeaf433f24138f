/** What was noted of calls that wait, as a series: how long those waited that began, by their consumers' tier. */
import type { Recording } from "../recording/recorder.ts"
import type { Series } from "../results/models/run-model.ts"

export const queueSeries = ({
  queue,
  bins,
  binSeconds,
}: Pick<Recording, "queue" | "bins" | "binSeconds">): ReadonlyArray<Series> =>
  (queue?.tiers ?? [])
    .filter(({ asked }) => asked.some((calls) => calls > 0))
    .map(({ name, waitSeconds, begun }) => ({
      name: "queue.wait",
      key: name,
      unit: "s",
      binSeconds,
      values: Array.from({ length: bins }, (_, bin) =>
        begun[bin] > 0 ? waitSeconds[bin] / begun[bin] : null,
      ),
    }))
