/** Numbers and times as people read them. Money stays decimal text: no binary fraction touches it. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })

/** @param {number} value */
export const count = (value) => whole.format(value)
/** @param {number} share */
export const percent = (share) => `${whole.format(share * 100)}%`

/** Decimal text with thousands apart. @param {string} text */
export const credits = (text) => {
  const [, sign, digits, fraction = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? ["", "", "0", ".00"]
  return `${sign === "-" ? "−" : ""}${whole.format(BigInt(digits))}${fraction}`
}

/** No credits at all? @param {string} text */
export const isZero = (text) => /^-?0*\.?0*$/.test(text)

/**
 * For a headline: two decimals, the rest cut off, where the credits are more than one.
 *
 * @param {string} text
 */
export const roundedCredits = (text) =>
  credits(/^-?0\./.test(text) ? text : text.replace(/(\.\d\d)\d+$/, "$1"))

/**
 * All with as many decimals as the longest has, so that a column's points stand in one line.
 *
 * @param {ReadonlyArray<string>} texts
 */
export const aligned = (texts) => {
  const decimals = Math.max(...texts.map((text) => (text.split(".")[1] ?? "").length))
  return texts.map((text) => {
    const [digits, fraction = ""] = text.split(".")
    return `${digits}.${fraction.padEnd(decimals, "0")}`
  })
}

/**
 * Credits per token → credits per million tokens, by moving the point: "0.0000004" is "0.40".
 *
 * @param {string} text
 */
export const perMillion = (text) => {
  const [digits, fraction = ""] = text.split(".")
  const moved = fraction.padEnd(6, "0")
  const before = `${digits}${moved.slice(0, 6)}`.replace(/^0+(?=\d)/, "")
  const after = moved.slice(6).replace(/0+$/, "").padEnd(2, "0")
  return credits(`${before}.${after}`)
}

/**
 * Credits per million tokens → credits per token, by moving the point back: "0.40" is "0.00000040".
 *
 * @param {string} text
 */
export const perToken = (text) => {
  const [digits, fraction = ""] = text.split(".")
  const moved = digits.padStart(7, "0")
  return `${moved.slice(0, -6).replace(/^0+(?=\d)/, "")}.${moved.slice(-6)}${fraction}`
}

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" })
const timeOnly = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" })

/** Days of pay and of usage are those of UTC. */
const dayOnly = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" })

/** The day that begins then, UTC. @param {number} seconds */
export const day = (seconds) => dayOnly.format(seconds * 1000)

/** Unix time, s. @param {number} seconds */
export const moment = (seconds) => dateTime.format(seconds * 1000)
/** @param {number} millis */
export const clockTime = (millis) => timeOnly.format(millis)

/** @param {number} seconds */
export const duration = (seconds) => {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`
  return `${Math.ceil(seconds / 3600)} h`
}

/** @typedef {import("../../../engine/index.ts").EligibilityReason} Reason */

/** @type {Readonly<Record<Reason, string>>} */
const standings = {
  Eligible: "ready",
  Full: "full",
  RateCapped: "rate-capped",
  Backpressure: "asked for a pause",
  Parked: "parked",
  ProbeUnderWay: "being probed",
  BelowFloor: "too slow",
  BelowAccuracy: "not accurate enough",
  Inactive: "offline",
  Draining: "draining",
  Suspended: "suspended",
  OffSchedule: "off schedule",
  Booked: "booked by the hour",
  Unverified: "not measured yet",
  Unlisted: "not on offer by the hour",
}

/** Standings as words. @param {string} reason */
export const standing = (reason) => standings[/** @type {Reason} */ (reason)] ?? reason

/** Good, busy, or in trouble: the colour of a standing, beside its words. @param {string} reason */
export const mood = (reason) =>
  reason === "Eligible"
    ? "good"
    : ["Full", "RateCapped", "Backpressure", "Unverified"].includes(reason)
      ? "busy"
      : "bad"
