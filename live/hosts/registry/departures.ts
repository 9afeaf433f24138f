/** Hosts that are removed: each goes once no job of it is under way, also one that a restart found leaving. */
import type { NodeId } from "../../../engine/index.ts"
import { hasInstance, listingView } from "../../../engine/index.ts"
import { isInMarket, servedInstances } from "../../directory/host-state.ts"
import type { HostRecord, InstanceRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import { mustSubmit } from "./submit.ts"

export interface DepartureParts {
  readonly services: LiveServices
  readonly stop: (instance: InstanceRecord) => void
  /** Called once a host has gone. */
  readonly gone: (host: NodeId) => void
}

/** Takes part in the driver's commands from here on. Gives what removes a host. */
export const makeDepartures = ({
  services,
  stop,
  gone,
}: DepartureParts): ((host: HostRecord) => "removed" | "leaving") => {
  const { directory, driver, nowMillis } = services
  const leaving = new Set<number>()

  const remove = (host: HostRecord): "removed" | "leaving" => {
    if (host.removedAtMillis === undefined) {
      directory.hosts.put({ ...host, removedAtMillis: nowMillis() })
      for (const instance of servedInstances(services, host.id)) stop(instance)
      if (listingView(driver.market, host.id) !== undefined)
        mustSubmit(driver, { _tag: "ListingPhaseSet", listing: host.id, phase: "closed" })
      leaving.add(host.id)
    }
    return leave(host.id) ? "removed" : "leaving"
  }
  /** Lets a host go once no job of it is under way. */
  const leave = (id: number): boolean => {
    const { market } = driver
    const isBusy = directory.instancesOfHost(id).some((one) => hasInstance(market, one))
    // What is sold of it by the hour is delivered still.
    const isBooked = (listingView(market, id)?.bookings ?? 0) > 0
    if (isBusy || isBooked) return false
    leaving.delete(id)
    if (isInMarket(market, id)) mustSubmit(driver, { _tag: "NodeRemoved", node: id })
    gone(id)
    return true
  }

  driver.addTaker((command) => {
    const mayHaveEnded =
      command._tag === "Finish" || command._tag === "Refuse" || command._tag === "Close"
    if (leaving.size === 0 || !(mayHaveEnded || command._tag === "Dispatch")) return
    for (const id of leaving) leave(id)
  })
  // Hosts that were on their way out when the gateway ended.
  for (const { id, removedAtMillis } of directory.hosts.all()) {
    if (removedAtMillis === undefined || !isInMarket(driver.market, id)) continue
    leaving.add(id)
    leave(id)
  }

  return remove
}
