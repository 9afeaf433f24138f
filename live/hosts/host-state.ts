/** What the kernel knows of a host and of its instances, by the numbers of the directory. */
import type { Market } from "../../engine/index.ts"
import type { LiveServices } from "../services.ts"
import type { HostRecord, InstanceRecord } from "../store/records.ts"
import type { HostStatus } from "./protocol.ts"

/** The instances that a host serves now. */
export const servedInstances = (
  { directory }: Pick<LiveServices, "directory">,
  host: number,
): ReadonlyArray<InstanceRecord> => {
  const served: Array<InstanceRecord> = []
  for (const id of directory.instancesOfHost(host)) {
    const instance = directory.instances.get(id)
    if (instance !== undefined && instance.stoppedAtMillis === undefined) served.push(instance)
  }
  return served
}

/** Is the node in the market still? A host that was removed stays until its last job has ended. */
export const isInMarket = (market: Market, host: number): boolean => market.nodes.slots.has(host)

const isOnline = (market: Market, host: number): boolean => {
  const slot = market.nodes.slots.get(host)
  return slot !== undefined && market.nodes.columns.isOnline[slot] === 1
}

/** Its operator wants no calls for it for now. */
export const isDraining = (market: Market, instance: number): boolean => {
  const slot = market.instances.slots.get(instance)
  if (slot === undefined) return false
  const { isUnavailable, isDraining: isStopped } = market.instances.columns
  return isUnavailable[slot] === 1 || isStopped[slot] === 1
}

/** Its own upstream refused its credential. */
export const isSuspended = (market: Market, instance: number): boolean => {
  const slot = market.instances.slots.get(instance)
  return slot !== undefined && market.instances.columns.isSuspended[slot] === 1
}

/** Calls that an instance has completed, switches included. */
export const completedOf = (market: Market, instance: number): number => {
  const slot = market.instances.slots.get(instance)
  return slot === undefined ? 0 : (market.instances.columns.successes[slot] ?? 0)
}

export const inFlightOf = (market: Market, instance: number): number => {
  const slot = market.instances.slots.get(instance)
  return slot === undefined ? 0 : (market.instances.columns.inFlight[slot] ?? 0)
}

export const statusOf = (
  services: Pick<LiveServices, "directory" | "driver">,
  host: HostRecord,
): HostStatus => {
  const { market } = services.driver
  if (host.removedAtMillis !== undefined) return "leaving"
  if (!isOnline(market, host.id)) return "inactive"
  const served = servedInstances(services, host.id)
  const areAllDraining = served.every(({ id }) => isDraining(market, id))
  return served.length > 0 && areAllDraining ? "draining" : "active"
}
