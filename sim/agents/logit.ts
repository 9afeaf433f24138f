/**
 * The logit choice: an option whose value is one temperature higher is e times as likely (McFadden,
 * "Conditional logit analysis of qualitative choice behavior", 1974). What makes an operator's reason
 * a bounded one.
 */
import type { Stream } from "../../engine/index.ts"

export interface Option<A> {
  readonly decision: A
  /** Credits a day. */
  readonly profit: number
}

/** Draws one of the options, of which there is at least one. */
export const logit = <A>(
  options: ReadonlyArray<Option<A>>,
  temperature: number,
  stream: Stream,
): A => {
  const best = options.reduce((most, { profit }) => Math.max(most, profit), -Infinity)
  const weights = options.map(({ profit }) => Math.exp((profit - best) / temperature))
  let lot = stream.next() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    lot -= weight
    if (lot < 0) return options[index].decision
  }
  return options[options.length - 1].decision
}
