/** Time by the hour of the day that a zone's clock shows. */

export const hoursOfDay = 24
const microsPerMinute = 60_000_000
const minutesPerHour = 60

/** What the clock shows at an instant, µs since 1970-01-01T00:00Z; zones differ by whole minutes. */
export type Clock = (atMicros: number) => { readonly hour: number; readonly minute: number }

export type Span = readonly [fromMicros: number, untilMicros: number]

/** By hour of the day. */
export type ByHour = ReadonlyArray<number>

/** How much of the spans lies in each hour of the day, µs. O(hours in them). */
export const microsByHour = (spans: Iterable<Span>, clock: Clock): ByHour => {
  const hours = Array.from({ length: hoursOfDay }, () => 0)
  for (const [from, until] of spans)
    for (let at = from; at < until;) {
      const { hour, minute } = clock(at)
      const toNext = (minutesPerHour - minute) * microsPerMinute - (at % microsPerMinute)
      const end = Math.min(until, at + toNext)
      hours[hour] += end - at
      at = end
    }
  return hours
}

/** The same time once: sorted, none touching the next. */
export const union = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const joined: Array<Span> = []
  for (const [from, until] of spans.toSorted(([one], [other]) => one - other)) {
    const last = joined.at(-1)
    if (until <= from) continue
    if (last !== undefined && from <= last[1])
      joined[joined.length - 1] = [last[0], Math.max(last[1], until)]
    else joined.push([from, until])
  }
  return joined
}

/** What of a span lies in another; `undefined`: nothing. */
export const within = ([from, until]: Span, [least, most]: Span): Span | undefined => {
  const begin = Math.max(from, least)
  const end = Math.min(until, most)
  return begin < end ? [begin, end] : undefined
}
