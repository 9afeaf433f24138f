/**
 * How far ahead an operator looks: a week. What the rules announce for that time, a ramp that has yet
 * to be climbed or a reduction that decays, an operator can reckon with.
 */
const weekHours = 7 * 24

/** Mean over the coming week of what stands at `now` and falls linearly to 0 within `hours`. */
export const meanInComingWeek = (now: number, hours: number): number =>
  hours <= weekHours ? (now * hours) / (2 * weekHours) : now * (1 - weekHours / (2 * hours))
