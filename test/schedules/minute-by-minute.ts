/**
 * A schedule, slowly and in another way: every minute is read off `Intl.DateTimeFormat`, and the week is a
 * row of 10,080 minutes that are open or not. No library of dates, no arithmetic with offsets.
 */
import type { Schedule, Window } from "../../schedules/index.ts"

const minuteMicros = 60_000_000
const weekMinutes = 10_080
const names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

/** Minutes since 1970-01-01T00:00 that a clock shows, at each minute from `first` on. */
const readings = (timezone: string, first: number, count: number): Int32Array => {
  const format = new Intl.DateTimeFormat("en-US-u-hc-h23", {
    timeZone: timezone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  })
  return Int32Array.from({ length: count }, (_, index) => {
    const [month, day, year, hour, minute] = format
      .format((first + index) * 60_000)
      .match(/\d+/g)!
      .map(Number)
    return Date.UTC(year!, month! - 1, day, hour, minute) / 60_000
  })
}

/** At which minute each local minute comes, by its place: the first time, or later by as much as a gap takes. */
const firstShown = (shown: Int32Array): ReadonlyMap<number, number> => {
  const places = new Map<number, number>()
  shown.forEach((local, place) => {
    if (!places.has(local)) places.set(local, place)
    const before = shown[place - 1] ?? local - 1
    for (let missed = before + 1; missed < local; missed += 1)
      if (!places.has(missed)) places.set(missed, place + (missed - before - 1))
  })
  return places
}

type Weekly = Exclude<Window, { readonly from: string }>

const weekRow = (hours: ReadonlyArray<Weekly>): Uint8Array => {
  const row = new Uint8Array(weekMinutes)
  for (const { weekday, fromMinute, untilMinute } of hours)
    for (let minute = fromMinute; minute < untilMinute; minute += 1)
      row[(names.indexOf(weekday) * 1440 + minute) % weekMinutes] = 1
  return row
}

/** Which minutes lie between the beginnings and ends that the local minutes have. */
const marked = (hours: ReadonlyArray<Weekly>, shown: Int32Array): Uint8Array => {
  const row = weekRow(hours)
  // 1970-01-01 was a Thursday.
  const isIn = (local: number) =>
    row[(((local + 3 * 1440) % weekMinutes) + weekMinutes) % weekMinutes] === 1
  const places = firstShown(shown)
  const minutes = new Uint8Array(shown.length)
  const locals = [...places.keys()].toSorted((a, b) => a - b)
  let begin: number | undefined = isIn(locals[0]!) ? 0 : undefined
  for (const local of locals) {
    if (isIn(local) && !isIn(local - 1)) begin = places.get(local)!
    if (!isIn(local) && isIn(local - 1) && begin !== undefined) {
      minutes.fill(1, begin, Math.max(begin, places.get(local)!))
      begin = undefined
    }
  }
  if (begin !== undefined) minutes.fill(1, begin)
  return minutes
}

const runsOf = (minutes: Uint8Array, first: number): ReadonlyArray<readonly [number, number]> => {
  const runs: Array<[number, number]> = []
  minutes.forEach((value, place) => {
    if (value !== 1) return
    const at = (first + place) * minuteMicros
    if (runs.at(-1)?.[1] === at) runs.at(-1)![1] = at + minuteMicros
    else runs.push([at, at + minuteMicros])
  })
  return runs
}

/** What `expand` should answer. Time around the span is read too, so that it is seen what goes on beyond. */
export const minuteByMinute = (
  { timezone, availability, maintenance }: Schedule,
  fromMicros: number,
  untilMicros: number,
) => {
  const margin = 2 * 1440
  const first = Math.floor(fromMicros / minuteMicros) - margin
  const shown = readings(timezone, first, Math.ceil(untilMicros / minuteMicros) + margin - first)
  const available = marked(availability, shown)
  const kept = marked(
    maintenance.filter((window): window is Weekly => !("from" in window)),
    shown,
  )
  const places = firstShown(shown)
  const placeOf = (text: string): number => {
    const minute = Date.parse(/Z|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`) / 60_000
    if (/Z|[+-]\d\d:\d\d$/.test(text)) return Math.min(Math.max(minute - first, 0), shown.length)
    return places.get(minute) ?? (minute < shown[0]! ? 0 : shown.length)
  }
  for (const window of maintenance)
    if ("from" in window) {
      const begin = placeOf(window.from)
      kept.fill(1, begin, Math.max(begin, placeOf(window.until)))
    }
  const within = (wanted: (place: number) => boolean) =>
    runsOf(
      available.map((value, place) => (value === 1 && wanted(place) ? 1 : 0)),
      first,
    ).filter(([begin, end]) => Math.max(begin, fromMicros) < untilMicros && end > fromMicros)
  const open = within((place) => kept[place] === 0)
  return {
    opens: open.map(([begin]) => Math.max(begin, fromMicros)),
    closes: open.map(([, end]) => end).filter((end) => end <= untilMicros),
    excused: within((place) => kept[place] === 1).map(([begin, end]) => [
      Math.max(begin, fromMicros),
      Math.min(end, untilMicros),
    ]),
    until: untilMicros,
  }
}
