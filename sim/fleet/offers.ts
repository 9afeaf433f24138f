/**
 * What each device can offer of each model: slots, speed, the time it takes to load the weights. One
 * table for a whole run, shared by all nodes.
 */
import type { DeviceProfile, FleetDevice } from "./device-profile.ts"
import {
  measurementOf,
  profiledRates,
  profiledSetUpSeconds,
  profiledSlots,
} from "./device-profile.ts"
import type { Device } from "./devices.ts"
import { findDevice, midpoint } from "./devices.ts"
import type { Model, Quantisation } from "./models.ts"
import { findModel } from "./models.ts"
import type { ServiceRates } from "./service-model.ts"
import {
  compileServiceRates,
  decodeTokensPerSecond,
  fasterRates,
  setUpSeconds,
  slotsAtFloor,
} from "./service-model.ts"

export interface Offer {
  readonly rates: ServiceRates
  /** Streams that it serves at the throughput floor or above, within the scenario's limit. */
  readonly slots: number
  /** All slots together, tokens per second, at the planned context. */
  readonly tokensPerSecond: number
  readonly setUpMicros: number
}

export interface OfferTable {
  readonly devices: ReadonlyArray<FleetDevice>
  /** By device, then by model of the scenario; `null` where the model does not fit the device. */
  readonly offers: ReadonlyArray<ReadonlyArray<Offer | null>>
}

/** What a scenario says of its machines and of what they are to serve. */
export interface OfferSettings {
  readonly models: ReadonlyArray<{ readonly name: string; readonly quantisation: Quantisation }>
  readonly fleet: {
    readonly devices: ReadonlyArray<{ readonly device: string }>
    readonly profiles: ReadonlyArray<DeviceProfile>
    readonly contextTokens: number
    readonly maxSlots: number
    readonly decodeFactor: number
    readonly prefillFactor: number
  }
  readonly parties: ReadonlyArray<{
    readonly device: string
    readonly conduct: { readonly declaredSlots: number }
  }>
  readonly operators: { readonly overDeclareFactor: number }
  readonly economy: { readonly floor: { readonly tokensPerSecond: number } }
}

export const offerTable = (scenario: OfferSettings): OfferTable => {
  const { fleet, parties, operators } = scenario
  // Those of the fleet come first: what is drawn from it is drawn by place.
  const drawn = fleet.devices.map(({ device }) => device)
  const others = new Set(
    parties.map(({ device }) => device).filter((name) => !drawn.includes(name)),
  )
  const sources = [...drawn, ...others].map(
    (name) => fleet.profiles.find((profile) => profile.name === name) ?? found(findDevice(name)),
  )
  const mostDeclared = Math.max(
    operators.overDeclareFactor,
    ...parties.map(({ conduct }) => conduct.declaredSlots),
  )
  return {
    devices: sources,
    offers: sources.map((source) =>
      scenario.models.map(({ name, quantisation }) => {
        const speed = speedOf(source, found(findModel(name)), quantisation)
        return speed === null ? null : offerOf(speed, scenario, mostDeclared)
      }),
    ),
  }
}

/** How fast a device serves a model, whether derived from its data sheet or measured. */
interface Speed {
  /** The most streams that each get the floor. */
  readonly slotsAt: (floorTokensPerSecond: number, contextTokens: number) => number
  readonly ratesFor: (maxStreams: number) => ServiceRates
  readonly setUpSeconds: number
}

/** `null` where a profile does not say. */
const speedOf = (
  source: Device | DeviceProfile,
  model: Model,
  quantisation: Quantisation,
): Speed | null => {
  if (!("models" in source)) {
    const deployment = { device: source, model, quantisation }
    return {
      slotsAt: (floor, context) => slotsAtFloor(deployment, floor, context),
      ratesFor: (maxStreams) => compileServiceRates(deployment, maxStreams),
      setUpSeconds: setUpSeconds(deployment),
    }
  }
  const measured = measurementOf(source, model.name, quantisation)
  if (measured === undefined) return null
  return {
    slotsAt: (floor, context) => profiledSlots(measured, floor, context),
    ratesFor: (maxStreams) => profiledRates(measured, maxStreams),
    setUpSeconds: profiledSetUpSeconds(source, model, quantisation),
  }
}

/** `mostDeclared`: the largest multiple of its slots that anybody declares. */
const offerOf = (
  speed: Speed,
  { fleet, economy }: OfferSettings,
  mostDeclared: number,
): Offer | null => {
  const { contextTokens, maxSlots, decodeFactor, prefillFactor } = fleet
  // Twice as fast at a floor is as fast at half of it.
  const floor = economy.floor.tokensPerSecond / decodeFactor
  const slots = Math.min(maxSlots, speed.slotsAt(floor, contextTokens))
  if (slots < 1) return null
  const most = Math.ceil(slots * mostDeclared)
  const rates = fasterRates(speed.ratesFor(Math.max(slots, most)), {
    decode: decodeFactor,
    prefill: prefillFactor,
  })
  return {
    rates,
    slots,
    tokensPerSecond: Math.max(
      1,
      Math.floor(slots * decodeTokensPerSecond(rates, slots, slots * contextTokens)),
    ),
    setUpMicros: Math.ceil(speed.setUpSeconds * 1e6),
  }
}

// The scenario's schema admits only names of the catalogues.
const found = <A>(value: A | undefined): A => {
  if (value === undefined) throw new Error("fleet: a scenario names what the catalogue lacks")
  return value
}

/** What an hour of a device is rented out for, US dollars; null where nobody rents it out. */
export const rentUsd = ({ rentUsdPerHour }: FleetDevice): number | null =>
  rentUsdPerHour === null ? null : midpoint(rentUsdPerHour)

/** Nobody owns it at home. */
export const isRentedOnly = ({ deviceClass }: FleetDevice): boolean => deviceClass === "datacenter"

/** What the electricity of an hour under full load costs, US dollars. */
export const powerUsdPerHour = ({ watts }: FleetDevice, electricityUsdPerKwh: number): number =>
  (midpoint(watts) / 1000) * electricityUsdPerKwh
