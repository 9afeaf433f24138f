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
import { Settings } from "../../engine/index.ts"
import type { Device } from "./devices.ts"
import { models } from "./models.ts"
import type { Model, Quantisation } from "./models.ts"
import type { ServiceRates } from "./service-model.ts"
import { DEFAULT_PREFILL_SHARE } from "./service-model.ts"

const { allowing, nonNegative, number, oneOf, positive, setting, wholeBetween } = Settings

/** A day a token: whatever is slower serves nobody. */
const most = 86_400e6
const micros = number("a number of microseconds", { least: 0, most })
const microsAbove0 = number("a number of microseconds", { above: 0, most })

const spanOf = (unit: string) =>
  Schema.Struct({
    low: setting(nonNegative(unit), { meaning: "The lower end." }),
    high: setting(nonNegative(unit), { meaning: "The upper end." }),
  }).pipe(Schema.filter(({ low, high }) => low <= high || `low is ${low}, above high, ${high}`))

/** A 95% interval; it informs, the simulator uses the value itself. */
const Interval = spanOf("microseconds")

export const ProfiledModel = Schema.Struct({
  name: setting(oneOf(...models.map(({ name }) => name)), {
    meaning: "A model of the catalogue, whatever the server calls it.",
  }),
  quantisation: setting(oneOf("q4", "f16"), { meaning: "How its weights are stored." }),
  stepMicros: setting(micros, {
    meaning: "A decode step before it reads any context, but for what each stream adds.",
  }),
  streamMicros: setting(micros, { meaning: "What each stream adds to a step." }),
  contextMicrosPerToken: setting(micros, {
    meaning: "What each token of context, of all streams, adds to a step.",
  }),
  prefillMicrosPerToken: setting(microsAbove0, {
    meaning: "What reading each token of a prompt takes.",
  }),
  overheadMicros: setting(micros, {
    meaning:
      "Time to the first token that does not depend on the prompt: network, HTTP, the server's queue.",
  }),
  slots: setting(wholeBetween("slots", 1, 1024), {
    meaning: "Streams at once, as far as more of them made more tokens.",
  }),
  contextCapacityTokens: setting(Schema.NullOr(wholeBetween("tokens", 1, 1_000_000_000)), {
    meaning:
      "Tokens of context, over all streams, for which there is memory; null: not known, not limited.",
  }),
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
const profileName = allowing(
  Schema.String.pipe(
    Schema.filter(
      (text) => /^[^\p{Cc}\p{Bidi_Control}]{1,100}$/u.test(text) && text.trim() === text,
    ),
  ),
  "a name of 1 to 100 characters on one line",
)

export const DeviceProfile = Schema.Struct({
  name: setting(profileName, { meaning: "What fleet.devices refers to it by." }),
  deviceClass: setting(oneOf("consumer", "datacenter", "apple"), {
    meaning:
      "What its operator pays: electricity (consumer, apple), or rent where there is one (datacenter).",
  }),
  watts: spanOf("watts").annotations({ description: "What it draws at work." }),
  rentUsdPerHour: setting(Schema.NullOr(spanOf("US dollars an hour")), {
    meaning: "What it is rented for; null: it is not.",
  }),
  storageGbs: setting(positive("GB/s"), {
    meaning: "Bandwidth at which it loads a model, 10^9 bytes a second.",
  }),
  models: setting(Schema.NonEmptyArray(ProfiledModel), { meaning: "What was measured on it." }),
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
