/**
 * The capacity calendar of a listing (docs/rules.md#calendar): how much of it is sold, as a step function of
 * time. Capacity is held as credits are held: whoever orders takes it from the calendar, whoever ends early
 * gives the rest back.
 *
 * Step i holds from `at[i]` to `at[i + 1]`; before the first and from the last on nothing is sold.
 */
import { invariant } from "../../core/invariant.ts"

export interface Calendar {
  /** µs, ascending. */
  at: Float64Array<ArrayBuffer>
  /** Jobs and memory sold from then on. */
  jobs: Int32Array<ArrayBuffer>
  memoryMib: Int32Array<ArrayBuffer>
  used: number
}

/** What is wanted of a listing, or what it has: jobs at once, and memory. */
export interface Room {
  readonly jobs: number
  readonly memoryMib: number
}

export const makeCalendar = (steps = 4): Calendar => ({
  at: new Float64Array(steps),
  jobs: new Int32Array(steps),
  memoryMib: new Int32Array(steps),
  used: 0,
})

/** The step that holds at a time; −1: before the first. O(log steps). */
const stepAt = ({ at, used }: Calendar, time: number): number => {
  let from = 0
  let to = used
  while (from < to) {
    const middle = (from + to) >> 1
    if (at[middle] <= time) from = middle + 1
    else to = middle
  }
  return from - 1
}

const isFull = (calendar: Calendar, step: number, wanted: Room, capacity: Room): boolean =>
  step >= 0 &&
  (calendar.jobs[step] + wanted.jobs > capacity.jobs ||
    calendar.memoryMib[step] + wanted.memoryMib > capacity.memoryMib)

const isTooMuch = (wanted: Room, capacity: Room): boolean =>
  wanted.jobs > capacity.jobs || wanted.memoryMib > capacity.memoryMib

/** Is there room throughout? O(log steps + steps in the interval). */
export const fits = (
  calendar: Calendar,
  from: number,
  until: number,
  wanted: Room,
  capacity: Room,
): boolean => {
  if (isTooMuch(wanted, capacity)) return false
  for (let step = stepAt(calendar, from); step < calendar.used; step++) {
    if (step >= 0 && calendar.at[step] >= until) return true
    if (isFull(calendar, step, wanted, capacity)) return false
  }
  return true
}

/**
 * The first time in `from` … `latest` from which there is room for so long, ending by `close`; `undefined`
 * where there is none. O(log steps + steps passed).
 */
export const earliestFit = (
  calendar: Calendar,
  from: number,
  latest: number,
  micros: number,
  close: number,
  wanted: Room,
  capacity: Room,
): number | undefined => {
  if (isTooMuch(wanted, capacity)) return undefined
  let start = from
  for (let step = stepAt(calendar, from); step < calendar.used; step++) {
    const next = step + 1 < calendar.used ? calendar.at[step + 1] : Infinity
    if (isFull(calendar, step, wanted, capacity)) start = Math.max(start, next)
    else if (next - start >= micros) break
  }
  return start <= latest && start + micros <= close ? start : undefined
}

/** The most of each that is sold at any time from then on. */
export const mostFrom = (calendar: Calendar, from: number): Room => {
  let jobs = 0
  let memoryMib = 0
  for (let step = Math.max(0, stepAt(calendar, from)); step < calendar.used; step++) {
    jobs = Math.max(jobs, calendar.jobs[step])
    memoryMib = Math.max(memoryMib, calendar.memoryMib[step])
  }
  return { jobs, memoryMib }
}

/** Takes room. The caller has made sure that it is there. */
export const take = (calendar: Calendar, from: number, until: number, room: Room): void =>
  add(calendar, from, until, room.jobs, room.memoryMib)

/** Gives room back that was taken. */
export const giveBack = (calendar: Calendar, from: number, until: number, room: Room): void =>
  add(calendar, from, until, -room.jobs, -room.memoryMib)

const add = (
  calendar: Calendar,
  from: number,
  until: number,
  jobs: number,
  memoryMib: number,
): void => {
  if (from >= until) return
  const first = splitAt(calendar, from)
  const last = splitAt(calendar, until)
  for (let step = first; step < last; step++) {
    calendar.jobs[step] += jobs
    calendar.memoryMib[step] += memoryMib
    invariant(
      calendar.jobs[step] >= 0 && calendar.memoryMib[step] >= 0,
      "no more room is given back than was taken",
    )
  }
  join(calendar, last)
  join(calendar, first)
}

/** The step that begins at a time, made where there is none. */
const splitAt = (calendar: Calendar, time: number): number => {
  const before = stepAt(calendar, time)
  if (before >= 0 && calendar.at[before] === time) return before
  const step = before + 1
  if (calendar.used === calendar.at.length) widen(calendar)
  const { at, jobs, memoryMib, used } = calendar
  at.copyWithin(step + 1, step, used)
  jobs.copyWithin(step + 1, step, used)
  memoryMib.copyWithin(step + 1, step, used)
  at[step] = time
  jobs[step] = before >= 0 ? jobs[before] : 0
  memoryMib[step] = before >= 0 ? memoryMib[before] : 0
  calendar.used++
  return step
}

/** Takes a step out that is like the one before. */
const join = (calendar: Calendar, step: number): void => {
  const { jobs, memoryMib } = calendar
  const isLike =
    step === 0
      ? jobs[0] === 0 && memoryMib[0] === 0
      : jobs[step] === jobs[step - 1] && memoryMib[step] === memoryMib[step - 1]
  if (isLike) takeOut(calendar, step, step + 1)
}

const takeOut = (calendar: Calendar, from: number, until: number): void => {
  const { at, jobs, memoryMib, used } = calendar
  at.copyWithin(from, until, used)
  jobs.copyWithin(from, until, used)
  memoryMib.copyWithin(from, until, used)
  calendar.used -= until - from
}

/** Forgets what is over: steps that end by `now`. */
export const forgetPast = (calendar: Calendar, now: number): void => {
  const present = stepAt(calendar, now)
  if (present > 0) takeOut(calendar, 0, present)
  // Where nothing is sold now, there is no step until something is.
  if (calendar.used > 0 && calendar.jobs[0] === 0 && calendar.memoryMib[0] === 0)
    takeOut(calendar, 0, 1)
}

const widen = (calendar: Calendar): void => {
  const wider = makeCalendar(calendar.at.length * 2)
  wider.at.set(calendar.at)
  wider.jobs.set(calendar.jobs)
  wider.memoryMib.set(calendar.memoryMib)
  calendar.at = wider.at
  calendar.jobs = wider.jobs
  calendar.memoryMib = wider.memoryMib
}

/** Asserts the form of a calendar, and that no more is sold than there is. O(steps). */
export const auditCalendar = (calendar: Calendar, capacity: Room): void => {
  const { at, jobs, memoryMib, used } = calendar
  for (let step = 0; step < used; step++) {
    invariant(step === 0 || at[step - 1] < at[step], "the steps of a calendar rise")
    invariant(
      jobs[step] >= 0 && memoryMib[step] >= 0,
      "what is sold of a listing is at least nothing",
    )
    invariant(
      jobs[step] <= capacity.jobs && memoryMib[step] <= capacity.memoryMib,
      "no more is sold of a listing than it has",
    )
  }
  if (used > 0)
    invariant(
      jobs[used - 1] === 0 && memoryMib[used - 1] === 0,
      "nothing is sold after the last step of a calendar",
    )
}
