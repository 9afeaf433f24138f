/**
 * What stands in the place of a chart whose data the run does not have.
 */
import type { MissingChart } from "../chart.ts"

export const noSeries = (id: string, name: string, series: string): MissingChart => ({
  id,
  name,
  reason: `The run recorded no values of the series “${series}”.`,
})

export const noHistogram = (id: string, name: string, histogram: string): MissingChart => ({
  id,
  name,
  reason: `The run recorded no observations in the histogram “${histogram}”.`,
})

export const noNodes = (id: string, name: string): MissingChart => ({
  id,
  name,
  reason: "The run recorded no node that was online and earned anything.",
})
