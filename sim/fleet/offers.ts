/**
 * What each device can offer of each model: slots, speed, the time it takes to load the weights. One
 * table for a whole run, shared by all nodes.
 */
import type { Scenario } from "../scenarios/schema.ts"
import type { Device } from "./devices.ts"
import { findDevice, midpoint } from "./devices.ts"
import { findModel } from "./models.ts"
import type { ServiceRates } from "./service-model.ts"
import {
  compileServiceRates,
  decodeTokensPerSecond,
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
  readonly devices: ReadonlyArray<Device>
  /** By device, then by model of the scenario; `null` where the model does not fit the device. */
  readonly offers: ReadonlyArray<ReadonlyArray<Offer | null>>
}

export const offerTable = (scenario: Scenario): OfferTable => {
  const { fleet, parties, operators } = scenario
  // Those of the fleet come first: what is drawn from it is drawn by place.
  const drawn = fleet.devices.map(({ device }) => device)
  const others = new Set(
    parties.map(({ device }) => device).filter((name) => !drawn.includes(name)),
  )
  const names = [...drawn, ...others]
  const devices = names.map((name) => found(findDevice(name)))
  const mostDeclared = Math.max(
    operators.overDeclareFactor,
    ...parties.map(({ conduct }) => conduct.declaredSlots),
  )
  return {
    devices,
    offers: devices.map((device) =>
      scenario.models.map(({ name, quantisation }) => {
        const deployment = { device, model: found(findModel(name)), quantisation }
        const { contextTokens, maxSlots } = fleet
        const floor = scenario.economy.floor.tokensPerSecond
        const slots = Math.min(maxSlots, slotsAtFloor(deployment, floor, contextTokens))
        if (slots < 1) return null
        const most = Math.ceil(slots * mostDeclared)
        const rates = compileServiceRates(deployment, Math.max(slots, most))
        return {
          rates,
          slots,
          tokensPerSecond: Math.max(
            1,
            Math.floor(slots * decodeTokensPerSecond(rates, slots, slots * contextTokens)),
          ),
          setUpMicros: Math.ceil(setUpSeconds(deployment) * 1e6),
        }
      }),
    ),
  }
}

// The scenario's schema admits only names of the catalogues.
const found = <A>(value: A | undefined): A => {
  if (value === undefined) throw new Error("fleet: a scenario names what the catalogue lacks")
  return value
}

/** What an hour of a device is rented out for, US dollars; null where nobody rents it out. */
export const rentUsd = ({ rentUsdPerHour }: Device): number | null =>
  rentUsdPerHour === null ? null : midpoint(rentUsdPerHour)

/** What an hour of a device costs its operator, US dollars: rent, or electricity where owned. */
export const hourlyCostUsd = (device: Device, electricityUsdPerKwh: number): number =>
  (device.deviceClass === "datacenter" ? rentUsd(device) : null) ??
  (midpoint(device.watts) / 1000) * electricityUsdPerKwh
