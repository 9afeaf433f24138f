/** A host as the market sees it, and as its operator does. */
import { instanceView, marketView, microsPerSecond } from "../../engine/index.ts"
import { inputPriceOf, pricePerToken } from "../views/credits.ts"
import { takesCalls } from "../views/instance-status.ts"
import { secondsOf } from "../views/market-time.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HostRecord, InstanceRecord } from "../directory/records.ts"
import { completedOf, servedInstances, statusOf } from "../directory/host-state.ts"
import type { JobBoard } from "./jobs/job-board.ts"
import type { OwnHost, PublicHost, ServedModel } from "../protocol/host-protocol.ts"
import type { Registry } from "./registry/registry.ts"

type ViewServices = Pick<LiveServices, "directory" | "driver">

/** The bounty multiplier in force, by model id. O(models). */
const multipliersNow = ({ driver }: ViewServices): ReadonlyMap<number, number> =>
  new Map(marketView(driver.market).map(({ model, multiplier }) => [model, multiplier]))

const servedModel = (
  services: ViewServices,
  instance: InstanceRecord,
  multipliers: ReadonlyMap<number, number>,
): ServedModel | undefined => {
  const { market } = services.driver
  const view = instanceView(market, instance.id)
  const model = services.directory.models.get(instance.model)
  if (view === undefined || model === undefined) return undefined
  return {
    model: model.name,
    kind: model.kind,
    input_price_per_token: pricePerToken(market, inputPriceOf(market, model)),
    output_price_per_token: pricePerToken(market, view.outputPricePerMtok),
    reason: view.reason,
    breaker: view.breaker,
    slots: view.slots,
    capacity: view.capacity,
    in_flight: view.inFlight,
    tokens_per_second: view.tokensPerSecond,
    health: view.health,
    bounty_multiplier: Math.min(multipliers.get(model.id) ?? 1, view.maxMultiplier),
    jobs_completed: completedOf(market, instance.id),
  }
}

const textIn = (host: HostRecord, name: string): string | null => {
  const value = host.hardware[name]
  return typeof value === "string" ? value : null
}

/** A host as anyone may see it: no address, no owner, no secret. */
export const publicHost = (
  services: ViewServices,
  host: HostRecord,
  multipliers = multipliersNow(services),
): PublicHost => {
  const models: Array<ServedModel> = []
  let capacity = 0
  let inFlight = 0
  let completed = 0
  for (const instance of servedInstances(services, host.id)) {
    const model = servedModel(services, instance, multipliers)
    if (model === undefined) continue
    models.push(model)
    capacity += model.capacity
    inFlight += model.in_flight
    completed += model.jobs_completed
  }
  return {
    host_id: host.publicId,
    name: host.name,
    delivery: host.delivery,
    status: statusOf(services, host),
    gpu: textIn(host, "gpu"),
    load: capacity === 0 ? 0 : Math.min(1, inFlight / capacity),
    in_flight: inFlight,
    total_jobs_completed: completed,
    models,
    created_at: secondsOf(host.createdAtMillis),
  }
}

/** Is there a model of it that gets no calls, or none at all? */
export const isTroubled = ({ status, models }: PublicHost): boolean =>
  status !== "active" || models.length === 0 || models.some(({ reason }) => !takesCalls(reason))

/** Every host of the market. O(hosts + instances). */
export const publicHosts = (services: ViewServices): ReadonlyArray<PublicHost> => {
  const multipliers = multipliersNow(services)
  const hosts: Array<PublicHost> = []
  for (const host of services.directory.hosts.all())
    if (host.removedAtMillis === undefined) hosts.push(publicHost(services, host, multipliers))
  return hosts
}

/** A host as its operator sees it. A token is never part of it. */
export const ownHost = (
  services: ViewServices & Pick<LiveServices, "uploads">,
  host: HostRecord,
  registry: Pick<Registry, "heardOf" | "sessionsOf">,
  board: JobBoard,
): OwnHost => {
  const heard = registry.heardOf(host.id)
  const { waiting, open } = board.countsOf(host.id)
  const nowMicros = services.driver.clock.nowMicros()
  return {
    ...publicHost(services, host),
    endpoint: host.endpoint ?? null,
    has_token: host.sealedToken !== undefined,
    backend: textIn(host, "backend"),
    hardware: host.hardware,
    last_heartbeat:
      heard === undefined
        ? null
        : {
            seconds_ago: (nowMicros - heard.atMicros) / microsPerSecond,
            gpu_utilization: heard.report.gpu_utilization ?? null,
            memory_used_mib: heard.report.memory_used_mib ?? null,
            memory_total_mib: heard.report.memory_total_mib ?? null,
            temperature_celsius: heard.report.temperature_celsius ?? null,
            power_watts: heard.report.power_watts ?? null,
          },
    sessions: registry.sessionsOf(host.id).map(({ session, heardMicros, isDraining }) => ({
      session,
      seconds_ago: (nowMicros - heardMicros) / microsPerSecond,
      is_draining: isDraining,
    })),
    uploads: services.uploads.of(host.id),
    waiting_jobs: waiting,
    open_jobs: open,
  }
}
