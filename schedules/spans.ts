/**
 * Sets of points on a line, as sorted spans [from, until) that neither overlap nor touch: minutes of a
 * week, or instants in microseconds.
 */
export type Span = readonly [from: number, until: number]
export type Spans = ReadonlyArray<Span>

/** Whatever lies in any of them. Those that end before they begin hold nothing. O(n log n). */
export const union = (spans: Spans): Spans => {
  const united: Array<[from: number, until: number]> = []
  const sorted = spans
    .filter((span) => lengthOfSpan(span) > 0)
    .toSorted((one, other) => one[0] - other[0])
  for (const [from, until] of sorted) {
    const last = united.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], until)
    else united.push([from, until])
  }
  return united
}

/** What of some spans lies in none of the others. Both are sets as above, and so is the answer. O(n). */
export const without = (spans: Spans, others: Spans): Spans => {
  const left: Array<Span> = []
  let next = 0
  for (const [from, until] of spans) {
    while (next < others.length && others[next][1] <= from) next += 1
    let begin = from
    for (let at = next; at < others.length && others[at][0] < until; at += 1) {
      if (begin < others[at][0]) left.push([begin, others[at][0]])
      begin = others[at][1]
    }
    if (begin < until) left.push([begin, until])
  }
  return left
}

/** What of some spans lies in [from, until). */
export const clip = (spans: Spans, from: number, until: number): Spans =>
  spans
    .map(([begin, end]): Span => [Math.max(begin, from), Math.min(end, until)])
    .filter((span) => lengthOfSpan(span) > 0)

const lengthOfSpan = ([from, until]: Span): number => until - from

/** How much they hold. */
export const lengthOf = (spans: Spans): number =>
  spans.reduce((sum, span) => sum + lengthOfSpan(span), 0)
