/** Tiers, queues and balancing: what a machine's provider sets, and who waits where. */
import type { FastifyInstance } from "fastify"
import type { Market } from "../../engine/index.ts"
import { microsPerSecond, queueTermsOf, queueViews, tiersOf } from "../../engine/index.ts"
import { badRequest } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import type { Balancing, QueueSettings, Tiers } from "../protocol/queue-protocol.ts"
import * as Queue from "../protocol/queue-protocol.ts"
import { creditsOf } from "../views/credits.ts"
import { partyKeys, viewerOf } from "./caller.ts"
import type { Listed } from "./gpus.ts"
import { rateOf } from "./gpus.ts"
import type { Hours } from "./hours.ts"
import type { MachineChange } from "./machine-change.ts"
import { machineChange } from "./machine-change.ts"
import { submittingTo } from "./submitting.ts"

const tag = "Hours"
const smallBodyBytes = 16_384
const usualWaitSeconds = 60

export const queueRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, gpus } = hours
  const { driver } = services
  const submit = submittingTo(driver)
  const changeRoute = <B>(
    path: "/tiers" | "/queue" | "/balancing",
    summary: string,
    body: MachineChange<B>["body"],
    change: (listed: Listed, wish: B) => void,
  ): void =>
    machineChange<B>(app, hours, {
      method: "PUT",
      path,
      summary,
      body,
      bodyLimit: smallBodyBytes,
      answer: Queue.ServiceView,
      view: (listed) => viewOf(driver.market, listed),
      change: (listed, wish) => {
        change(listed, wish)
        return listed
      },
    })
  changeRoute<Tiers>(
    "/tiers",
    "Replace its tiers: terms for calls, one for each priority; none: as anybody is served",
    Queue.Tiers,
    ({ gpu }, { tiers }) => {
      const named = Object.entries(tiers)
      if (new Set(named.map(([, one]) => one.priority)).size < named.length)
        throw badRequest("`tiers`: must have one tier for each priority at most", "tiers")
      submit({
        _tag: "TiersSet",
        listing: gpu.id,
        tiers: named.map(([label, one]) => ({
          label,
          priority: one.priority,
          ratePerHour: rateOf(services, one.rate_per_hour, `tiers.${label}.rate_per_hour`),
          maxJobs: one.max_jobs,
        })),
      })
    },
  )
  changeRoute<QueueSettings>(
    "/queue",
    "Set how many calls may wait at it and for how long, where calls wait at machines",
    Queue.QueueSettings,
    ({ gpu }, { max_queue_size: size, timeout_seconds: seconds = usualWaitSeconds }) =>
      submit({
        _tag: "QueueSet",
        listing: gpu.id,
        size,
        waitMicros: Math.round(seconds * microsPerSecond),
      }),
  )
  changeRoute<Balancing>(
    "/balancing",
    "Set what calls are drawn to it by, where the market balances adaptively",
    Queue.Balancing,
    ({ gpu }, { optimization_target: target }) =>
      submit({ _tag: "BalanceSet", listing: gpu.id, target }),
  )
  app.get<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id/service",
    {
      schema: routeSchema({
        tag,
        summary: "Its tiers, its queue, and what calls are drawn to it by",
        params: Protocol.GpuPath,
        answers: { 200: Queue.ServiceView },
        errors: [404, 409],
      }),
    },
    async (request) => viewOf(driver.market, gpus.named(request.params.id)),
  )
  app.get(
    "/marketplace/queues",
    {
      schema: routeSchema({
        tag,
        summary: "Where calls wait, by flow: the account's own, or all for the platform",
        keys: partyKeys,
        answers: { 200: Queue.QueueList },
      }),
    },
    async (request) => {
      const viewer = viewerOf(services, request)
      return { data: queuesFor(hours, viewer === "admin" ? undefined : viewer.id) }
    },
  )
}

const viewOf = (market: Market, { gpu, host }: Listed): Queue.ServiceView => {
  const terms = queueTermsOf(market, gpu.id)
  return {
    gpu_id: host.publicId,
    tiers: Object.fromEntries(
      tiersOf(market, gpu.id).map(({ label, priority, ratePerHour, maxJobs }) => [
        label,
        { rate_per_hour: creditsOf(market, ratePerHour), max_jobs: maxJobs, priority },
      ]),
    ),
    queue: {
      max_queue_size: terms?.size ?? 0,
      timeout_seconds: (terms?.waitMicros ?? 0) / microsPerSecond,
    },
    balancing: {
      strategy: market.economy.routing.selection,
      optimization_target: terms?.target ?? "throughput",
    },
  }
}

/** `account`: whose flows are told; absent: all. */
const queuesFor = ({ services }: Hours, account: number | undefined): Queue.QueueList["data"] => {
  const { directory, driver } = services
  const isByMachine = driver.market.economy.queue.scope === "node"
  return queueViews(driver.market).map(({ at, waiting, underWay, flows }) => {
    const instance = isByMachine ? directory.instances.get(at) : undefined
    const host = instance === undefined ? undefined : directory.hosts.get(instance.host)
    const model = directory.models.get(isByMachine ? (instance?.model ?? -1) : at)
    return {
      model: model?.name ?? null,
      gpu_id: host?.publicId ?? null,
      waiting,
      under_way: underWay,
      flows: flows
        .filter(({ client }) => account === undefined || client === account)
        .map(({ client, kind, weight, waiting: waits, underWay: begun, charged }) => ({
          account_id: directory.accounts.get(client)?.publicId ?? "",
          kind,
          weight,
          waiting: waits,
          under_way: begun,
          charged,
        })),
    }
  })
}
