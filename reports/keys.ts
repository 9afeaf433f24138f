/**
 * The keys that charts are split by, in one order for the whole report, so that a model or a device
 * class has the same colour wherever it comes up.
 */
import type { RunResult } from "../sim/results/models/run-model.ts"

const knownClasses = ["consumer", "datacenter", "apple"]

export const deviceClassesOf = (result: RunResult): ReadonlyArray<string> => {
  const found = keysOf(result, ["utilisation", "nodes.online", "tokensPerSecond"])
  for (const { nodes } of result.replications) {
    for (const node of nodes) found.add(node.deviceClass)
  }
  return [...knownClasses, ...[...found].filter((key) => !knownClasses.includes(key)).sort()]
}

export const modelsOf = (result: RunResult): ReadonlyArray<string> =>
  [...keysOf(result, ["coverage", "bounty.multiplier", "ttft"])].sort()

const keysOf = (result: RunResult, names: ReadonlyArray<string>): Set<string> => {
  const keys = new Set<string>()
  for (const { series, histograms } of result.replications) {
    for (const { name, key } of [...series, ...histograms]) {
      if (names.includes(name) && key !== "") keys.add(key)
    }
  }
  return keys
}
