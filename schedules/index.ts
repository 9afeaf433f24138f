/**
 * Schedules: a host's week on the clock of its own zone, as the instants that the kernel takes
 * (docs/decisions/0029). Everything is a pure function of what it is given; instants are whole
 * microseconds since 1970-01-01T00:00Z. Only the zone data of the machine is read, so what has to come
 * out the same elsewhere keeps the instants, not the schedule.
 */
export type { WeeklyTotals } from "./describe.ts"
export { describe, describeNext, weeklyTotals } from "./describe.ts"
export type { Expansion } from "./expand.ts"
export { expand } from "./expand.ts"
export type { LocalTime } from "./local-clock.ts"
export { localClock } from "./local-clock.ts"
export { peaks } from "./peaks.ts"
export { readSchedule, Schedule, ScheduleInvalid } from "./schedule.ts"
export type { Transitions } from "./transitions.ts"
export type { Hours, Weekday, WeeklyHours } from "./week.ts"
export type { OneOff, Window } from "./written-forms.ts"
export { Timezone } from "./zone.ts"
