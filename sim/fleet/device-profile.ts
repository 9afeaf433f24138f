/**
 * A device as it was measured: what `evenkeel calibrate` writes, and what stands in a scenario's
 * `fleet.profiles` in place of a device of the catalogue.
 *
 * A measured step with b streams that hold `context` tokens in all takes
 *   t(b) = stepMicros + streamMicros · b + contextMicrosPerToken · context,
 * and a prompt token `prefillMicrosPerToken`: the service model's own form (service-model.ts), with
 * the coefficients measured on one server instead of derived from a data sheet. Only models that were
 * measured are offered.
 */
import { Schema } from "effect"
import { above0, atLeast0, oneOf, quantity, whole } from "../settings/quantities.ts"
import type { Device } from "./devices.ts"
import { models } from "./models.ts"
import type { Model, Quantisation } from "./models.ts"
import type { ServiceRates } from "./service-model.ts"
import { DEFAULT_PREFILL_SHARE } from "./service-model.ts"

/** A day a token: whatever is slower serves nobody. */
const MOST_MICROS = 86_400e6
const micros = quantity(
  "a number of microseconds, 0 to 86400000000",
  (value) => value >= 0 && value <= MOST_MICROS,
)
const microsAbove0 = quantity(
  "a number of microseconds above 0, to 86400000000",
  (value) => value > 0 && value <= MOST_MICROS,
)

const spanOf = (unit: string) =>
  Schema.Struct({ low: atLeast0(unit), high: atLeast0(unit) }).pipe(
    Schema.filter(({ low, high }) => low <= high || `low is ${low}, above high, ${high}`),
  )

/** A 95% interval; it informs, the simulator uses the value itself. */
const Interval = spanOf("microseconds")

export const ProfiledModel = Schema.Struct({
  /** A model of the catalogue (sim/fleet/models.ts), whatever the server calls it. */
  name: oneOf(models.map(({ name }) => name)),
  quantisation: oneOf(["q4", "f16"]),
  /** A decode step before it reads any context, but for what each stream adds. */
  stepMicros: micros,
  /** What each stream adds to a step. */
  streamMicros: micros,
  /** What each token of context, of all streams, adds to a step. */
  contextMicrosPerToken: micros,
  prefillMicrosPerToken: microsAbove0,
  /** Time to the first token that does not depend on the prompt: network, HTTP, the server's queue. */
  overheadMicros: micros,
  /** Streams at once, as far as more of them made more tokens. */
  slots: whole("slots", 1, 1024),
  /** Tokens of context, over all streams, for which there is memory; null: not known, not limited. */
  contextCapacityTokens: Schema.NullOr(whole("tokens", 1, 1_000_000_000)),
  intervals: Schema.optionalWith(
    Schema.Struct({
      stepMicros: Interval,
      streamMicros: Interval,
      contextMicrosPerToken: Interval,
      prefillMicrosPerToken: Interval,
      overheadMicros: Interval,
    }),
    { exact: true },
  ),
}).pipe(
  Schema.filter(
    ({ stepMicros, streamMicros }) =>
      stepMicros + streamMicros > 0 || "stepMicros and streamMicros are both 0: a step takes time",
  ),
)
export type ProfiledModel = typeof ProfiledModel.Type

/** The name, as `fleet.devices` refers to it: one line, nothing that a terminal would obey. */
const profileName = Schema.String.pipe(
  Schema.filter((text) => /^[^\p{Cc}\p{Bidi_Control}]{1,100}$/u.test(text) && text.trim() === text),
).annotations({
  message: (issue) => ({
    message: `expected a name of 1 to 100 characters on one line, got ${JSON.stringify(issue.actual)}`,
    override: true,
  }),
})

export const DeviceProfile = Schema.Struct({
  name: profileName,
  /** What its operator pays: electricity (consumer, apple), or rent where there is one (datacenter). */
  deviceClass: oneOf(["consumer", "datacenter", "apple"]),
  watts: spanOf("watts"),
  rentUsdPerHour: Schema.NullOr(spanOf("US dollars an hour")),
  /** Bandwidth at which it loads a model, 10^9 bytes a second. */
  storageGbs: above0("GB/s"),
  models: Schema.NonEmptyArray(ProfiledModel),
})
export type DeviceProfile = typeof DeviceProfile.Type

/** What the simulator knows of a device, whether from the catalogue or from a profile. */
export type FleetDevice = Pick<
  Device,
  "name" | "deviceClass" | "watts" | "rentUsdPerHour" | "storageGbs"
>

/** The measurement of that model in that quantisation, or `undefined`. */
export const measurementOf = (
  profile: DeviceProfile,
  model: string,
  quantisation: Quantisation,
): ProfiledModel | undefined =>
  profile.models.find((one) => one.name === model && one.quantisation === quantisation)

/** Microseconds of a decode step with `streams` streams that hold `contextTokens` in all. */
export const profiledStepMicros = (
  measured: ProfiledModel,
  streams: number,
  contextTokens: number,
): number =>
  measured.stepMicros +
  measured.streamMicros * streams +
  measured.contextMicrosPerToken * contextTokens

/** The measurement as the instance server takes it. Beyond `slots`, steps go on growing alike. */
export const profiledRates = (measured: ProfiledModel, maxStreams: number): ServiceRates => ({
  stepMicros: Float64Array.from({ length: maxStreams + 1 }, (_, streams) =>
    profiledStepMicros(measured, streams, 0),
  ),
  contextMicrosPerToken: measured.contextMicrosPerToken,
  // Where arithmetic binds, the measured steps have it in them.
  arithmeticMicrosPerStream: 0,
  prefillMicrosPerToken: measured.prefillMicrosPerToken,
  prefillShare: DEFAULT_PREFILL_SHARE,
  contextCapacityTokens: measured.contextCapacityTokens ?? Number.MAX_SAFE_INTEGER,
})

/**
 * The most streams, each holding `contextTokens`, that were measured to be of use, fit in memory and
 * still get `floorTokensPerSecond` each. 0 where not even one does. O(slots).
 */
export const profiledSlots = (
  measured: ProfiledModel,
  floorTokensPerSecond: number,
  contextTokens: number,
): number => {
  const capacity = measured.contextCapacityTokens ?? Infinity
  let slots = 0
  while (
    slots < measured.slots &&
    (slots + 1) * contextTokens <= capacity &&
    profiledStepMicros(measured, slots + 1, (slots + 1) * contextTokens) * floorTokensPerSecond <=
      1e6
  )
    slots++
  return slots
}

/** Weights ÷ storage bandwidth. */
export const profiledSetUpSeconds = (
  { storageGbs }: DeviceProfile,
  model: Model,
  quantisation: Quantisation,
): number => model.weightBytes[quantisation] / (storageGbs * 1e9)
