/**
 * The zone whose clock a schedule goes by: UTC, or an IANA name of the form Area/Place. All names that
 * this machine's zone data has are taken, older ones (Asia/Calcutta) as well as newer ones
 * (Asia/Kolkata); a zone that was renamed is still the same zone.
 *
 * Names without an area are not, as most of them are abbreviations that do not mean what they are taken
 * for: EST is no New York, it has no summer time.
 */
import { Schema } from "effect"
import { Temporal } from "temporal-polyfill"
import { Settings } from "../engine/index.ts"
import { closest } from "../platform/terminal/closest.ts"

/** The zone's name as it is written where it is well written; `undefined` where there is none. */
const knownAs = (name: string): string | undefined => {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId
  } catch {
    return undefined
  }
}

const isZone = (name: string): boolean =>
  name === "UTC" || (name.includes("/") && knownAs(name) === name)

const placeOf = (zone: string): string => zone.slice(zone.lastIndexOf("/") + 1)

/** The zone that was meant, by its whole name or by its place alone. */
const meant = (name: string): string | undefined => {
  const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")]
  const place = closest(name, zones.map(placeOf))
  return closest(name, zones) ?? zones.find((zone) => placeOf(zone) === place)
}

/** The zone that a name without an area, such as EST or PST, stands for, where this machine says so. */
const stoodForBy = (name: string): string | undefined => {
  try {
    const zone = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone
    return isZone(zone) ? zone : undefined
  } catch {
    return undefined
  }
}

/** What to write instead, as the end of a sentence. */
const advice = (name: unknown): string => {
  if (typeof name !== "string" || name === "") return ""
  if (/^[+-]\d/.test(name)) return "; an offset knows no summer time, a zone does"
  const known = name.includes("/") ? knownAs(name) : undefined
  const place = known === undefined ? stoodForBy(name) : undefined
  if (place !== undefined)
    return `, which stands for ${place}: write that, or the place that is meant`
  const zone = known ?? meant(name)
  return zone === undefined ? "" : `; did you mean ${zone}?`
}

const allowed = "UTC or the IANA name of a zone, such as Europe/Berlin"

export const Timezone = Settings.allowing(
  Schema.String.pipe(Schema.filter(isZone)),
  allowed,
).annotations({
  message: ({ actual }) => ({
    message: `expected ${allowed}, got ${Settings.shown(actual)}${advice(actual)}`,
    override: true,
  }),
})
