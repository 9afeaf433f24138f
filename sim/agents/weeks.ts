/** When hosts sell their hours: weeks by name, told by the clock of the machine's own region. */

const workdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
const weekend = ["saturday", "sunday"]

/** As `schedules/` reads them, without the zone; `null`: at all times. */
export const weeks = {
  always: null,
  nights: { availability: [{ days: [...workdays, ...weekend], hours: "20:00-08:00" }] },
  weekends: { availability: [{ days: weekend, hours: "00:00-24:00" }] },
  /** 003's example. */
  guide: {
    availability: [
      { days: workdays, hours: "09:00-17:00" },
      { days: weekend, hours: "00:00-24:00" },
    ],
    maintenance: [{ day: "sunday", hours: "02:00-04:00" }],
  },
  maintained: {
    availability: [{ days: [...workdays, ...weekend], hours: "00:00-24:00" }],
    maintenance: [{ day: "wednesday", hours: "03:00-06:00" }],
  },
} as const
export type Week = keyof typeof weeks
export const weekNames = [
  "always",
  "nights",
  "weekends",
  "guide",
  "maintained",
] as const satisfies ReadonlyArray<Week>
