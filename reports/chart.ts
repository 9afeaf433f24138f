/**
 * What a chart is to the rest of the reports: a sentence, notes, a text alternative and a spec.
 *
 * A chart is a pure function of a run. Its spec carries no colours (theme.ts) and no size but its
 * height: width is that of its container, so the same spec fills a page, a phone and a PNG.
 */
import type { TopLevelSpec } from "vega-lite"
import type { RunResult } from "../sim/results/models/run-model.ts"

export interface Chart {
  /** Names the file and the anchor: lower case and hyphens. */
  readonly id: string
  /** What the chart shows, in two or three words: for the list of charts. */
  readonly name: string
  /** What to see in it, as a sentence with its figures. */
  readonly title: string
  /** Sentences for below the chart: what a point, a band and the axes' ends are. */
  readonly notes: ReadonlyArray<string>
  /** The chart in words, for those who cannot see it. */
  readonly alternative: string
  /** The legend's labels, from which the number of its columns follows. */
  readonly legend: ReadonlyArray<string>
  /** Whether its axis is the run's time, and so follows the stretch that the reader selects. */
  readonly isOverTime: boolean
  readonly spec: TopLevelSpec
}

/** In place of a chart that the run has no data for. */
export interface MissingChart {
  readonly id: string
  readonly name: string
  readonly reason: string
}

export type ChartOf = (result: RunResult) => Chart | MissingChart

export const isMissing = (chart: Chart | MissingChart): chart is MissingChart => "reason" in chart

/** The name of the layer that answers to the pointer; drawings that stand still leave it out. */
export const pointerLayer = "pointer"

export type Layered = Extract<TopLevelSpec, { layer: ReadonlyArray<unknown> }>
export type Layer = Layered["layer"][number]

export const chartHeight = 240
