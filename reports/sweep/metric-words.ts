/** A metric's name for a reader, who has not learnt its path. */
import type { MetricFacts } from "../../sim/results/models/metric-facts.ts"

/** The beginning of its meaning, or its path where it has none. */
export const labelOf = (metric: string, { meaning }: MetricFacts): string => {
  const [words] = meaning.split(/[,;:(]/)
  return words.trim() === "" ? metric : words.trim()
}
