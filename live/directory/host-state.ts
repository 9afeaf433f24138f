/** What the kernel knows of a host and of its instances, by the numbers of the directory. */
import type { EligibilityReason, InstanceId, Market, NodeId } from "../../engine/index.ts"
import { hasNode, instanceView, nodeView, standingView } from "../../engine/index.ts"
import type { LiveServices } from "./services.ts"
import type { HostRecord, InstanceRecord } from "./records.ts"
import type { HostStatus } from "../protocol/host-protocol.ts"

/** The instances that a host serves now. */
export const servedInstances = (
  { directory }: Pick<LiveServices, "directory">,
  host: NodeId,
): ReadonlyArray<InstanceRecord> => {
  const served: Array<InstanceRecord> = []
  for (const id of directory.instancesOfHost(host)) {
    const instance = directory.instances.get(id)
    if (instance !== undefined && instance.stoppedAtMillis === undefined) served.push(instance)
  }
  return served
}

/** Is the node in the market still? A host that was removed stays until its last job has ended. */
export const isInMarket = (market: Market, host: NodeId): boolean => hasNode(market, host)

const standsSo = (
  market: Market,
  instance: InstanceId,
  ...reasons: ReadonlyArray<EligibilityReason>
): boolean =>
  standingView(market, instance)?.reasons.some(({ reason }) => reasons.includes(reason)) === true

/** Its operator wants no calls for it for now. */
export const isDraining = (market: Market, instance: InstanceId): boolean =>
  standsSo(market, instance, "OffSchedule", "Draining")

/** Its own upstream refused its credential. */
export const isSuspended = (market: Market, instance: InstanceId): boolean =>
  standsSo(market, instance, "Suspended")

/** Calls that an instance has completed, switches included. */
export const completedOf = (market: Market, instance: InstanceId): number =>
  instanceView(market, instance)?.completed ?? 0

export const statusOf = (
  services: Pick<LiveServices, "directory" | "driver">,
  host: HostRecord,
): HostStatus => {
  const { market } = services.driver
  if (host.removedAtMillis !== undefined) return "leaving"
  if (nodeView(market, host.id)?.isOnline !== true) return "inactive"
  const served = servedInstances(services, host.id)
  const areAllDraining = served.every(({ id }) => isDraining(market, id))
  return served.length > 0 && areAllDraining ? "draining" : "active"
}
