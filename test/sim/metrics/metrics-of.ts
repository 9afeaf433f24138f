/** The metrics of a recording after a warm-up, as a replication of such a scenario would have them. */
import type { Catalogued } from "../../../sim/metrics/catalogue.ts"
import { metricsFor, metricValues } from "../../../sim/metrics/catalogue.ts"
import type { WindowOptions } from "../../../sim/metrics/window.ts"
import { windowOf } from "../../../sim/metrics/window.ts"
import type { Recording } from "../../../sim/recording/recorder.ts"
import { firstBinAfter } from "../../../sim/recording/warm-up-cut.ts"
import type { NodeOutcome } from "../../../sim/results/models/run-model.ts"

export interface MetricOptions extends WindowOptions {
  readonly warmupSeconds: number
  readonly models: Catalogued["models"]
  readonly mixedStrategies: ReadonlyArray<string>
}

/** `nodes` are as they are after the warm-up. */
export const metricsOf = (
  recording: Recording,
  nodes: ReadonlyArray<NodeOutcome>,
  options: MetricOptions,
): Readonly<Record<string, number>> => {
  const bins = { first: firstBinAfter(recording, options.warmupSeconds), end: recording.bins }
  const metrics = metricsFor({
    models: options.models,
    parties: options.parties.map(({ name }) => name),
    strategies: options.mixedStrategies,
  })
  return metricValues(metrics, windowOf(recording, nodes, bins, options))
}
