/** What was noted of hours, as series: fill rate over time, and use by the hour of the region's clock. */
import type { HoursRecording } from "../recording/hours-recorder.ts"
import type { Recording } from "../recording/recorder.ts"
import type { Series } from "../results/models/run-model.ts"

const hoursOfDay = 24

/** `firstBin`: the first after the warm-up. */
export const hoursSeries = (
  hours: HoursRecording | null,
  { bins, binSeconds }: Pick<Recording, "bins" | "binSeconds">,
  firstBin: number,
): ReadonlyArray<Series> =>
  (hours?.regions ?? []).flatMap(
    ({ name: key, busy, offered, localHour }): ReadonlyArray<Series> => {
      const byHour = Array.from({ length: hoursOfDay }, () => ({ busy: 0, offered: 0 }))
      for (let bin = firstBin; bin < bins; bin++) {
        byHour[localHour[bin]].busy += busy[bin]
        byHour[localHour[bin]].offered += offered[bin]
      }
      const common = { key, unit: "share" }
      return [
        {
          ...common,
          name: "hours.fillRate",
          binSeconds,
          values: Array.from({ length: bins }, (_, bin) => shareOf(busy[bin], offered[bin])),
        },
        {
          ...common,
          // By the hour that the clock shows, not by time of the run.
          name: "hours.fillRateByHour",
          binSeconds: 3600,
          values: byHour.map((hour) => shareOf(hour.busy, hour.offered)),
        },
      ]
    },
  )

const shareOf = (busy: number, offered: number): number | null =>
  offered > 0 ? busy / offered : null
