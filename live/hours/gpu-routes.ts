/** Machines that are sold by the hour: for their providers, and for everyone to look at. */
import type { FastifyInstance } from "fastify"
import { calendarView, maintenanceSpans, microsPerHour, openSpans } from "../../engine/index.ts"
import { keyOf } from "../directory/authentication.ts"
import type { LiveServices } from "../directory/services.ts"
import { requireHostKey, requireOperator } from "../hosts/host-access.ts"
import { unknownCursor } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import { sendSecret } from "../http/secret-answer.ts"
import { SlaTargets } from "../protocol/contracts-protocol.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import { accountKeys, changeRate, providerKeys, requireProvider } from "./caller.ts"
import { rateOf } from "./gpus.ts"
import { gibOf, memoryForSale } from "./memory.ts"
import type { Hours } from "./hours.ts"
import type { MachineChange } from "./machine-change.ts"
import { machineChange } from "./machine-change.ts"
import { ratesOf } from "./rates.ts"
import { scoresIn } from "./scores.ts"

const tag = "Hours"
const smallBodyBytes = 262_144

export const gpuRoutes = (app: FastifyInstance, hours: Hours): void => {
  registrationRoute(app, hours)
  listRoutes(app, hours)
  changeRoutes(app, hours)
  calendarRoute(app, hours)
}

const registrationRoute = (app: FastifyInstance, { services, gpus }: Hours): void => {
  app.post<{ Body: Protocol.GpuRegistration }>(
    "/marketplace/gpu",
    {
      bodyLimit: smallBodyBytes,
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary:
          "Sell a machine by the hour: a new one, or that of a host which is registered already. The key of a new one is shown this once",
        keys: providerKeys,
        body: Protocol.GpuRegistration,
        answers: { 200: Protocol.RegisteredGpu, 201: Protocol.RegisteredGpu },
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const { body } = request
      const isHost = keyOf(services, request)?.role === "host"
      const wish = isHost
        ? { ...body, host_id: requireHostKey(services, request, body.host_id).publicId }
        : body
      const account = isHost
        ? ownerOf(services, wish.host_id ?? "")
        : requireOperator(services, request, body.account_id)
      const { listed, secret } = await gpus.register(account, wish)
      await services.driver.durable()
      return sendSecret(reply, secret === undefined ? 200 : 201, {
        ...gpus.view(listed),
        api_key: secret ?? null,
        heartbeat_interval_seconds: Math.min(
          services.config.hosts.heartbeatSeconds,
          services.driver.market.economy.liveness.heartbeatSeconds,
        ),
      })
    },
  )
}

const ownerOf = ({ directory }: LiveServices, hostId: string) => {
  const host = directory.hostByPublicId(hostId)
  const account = host === undefined ? undefined : directory.accounts.get(host.account)
  if (account === undefined) throw new Error("hours: a host without an account")
  return account
}

const listRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, gpus, regions } = hours
  app.get<{ Querystring: Protocol.GpuQuery }>(
    "/marketplace/gpu",
    {
      schema: routeSchema({
        tag,
        summary: "Machines that are sold by the hour, and what they cost now",
        keys: accountKeys,
        isKeyOptional: true,
        query: Protocol.GpuQuery,
        answers: { 200: Protocol.GpuPage },
      }),
    },
    async (request) => {
      const { region, model, max_price, available, mine, cursor, sort } = request.query
      if (region !== undefined) regions.named(region)
      const most = max_price === undefined ? Infinity : rateOf(services, max_price, "max_price")
      const account =
        mine === undefined ? undefined : keyOf(services, request, accountKeys)?.account
      const scoreOf = scoresIn(services.driver.market)
      const least = Number(request.query.min_reputation ?? 0)
      const all =
        sort === undefined
          ? gpus.all()
          : gpus.all().toSorted((a, b) => scoreOf(b.host.account) - scoreOf(a.host.account))
      const start =
        cursor === undefined ? 0 : all.findIndex(({ host }) => host.publicId === cursor) + 1
      if (cursor !== undefined && start === 0) throw unknownCursor()
      const limit = Protocol.gpuLimit.read(request.query.limit)
      const shown: Array<Protocol.GpuView> = []
      let isMore = false
      for (const listed of all.slice(start)) {
        const { host, listing } = listed
        if (mine !== undefined ? host.account !== account : listing.phase !== "open") continue
        if (listing.ratePerHour > most || scoreOf(host.account) < least) continue
        if (available !== undefined && listing.isOffered !== (available === "true")) continue
        const view = gpus.view(listed, scoreOf)
        if (region !== undefined && view.region !== region) continue
        if (model !== undefined && !runs(view, model)) continue
        if (shown.length === limit) {
          isMore = true
          break
        }
        shown.push(view)
      }
      return { data: shown, next_cursor: isMore ? (shown.at(-1)?.gpu_id ?? null) : null }
    },
  )
  app.get<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id",
    {
      schema: routeSchema({
        tag,
        summary: "One of them",
        params: Protocol.GpuPath,
        answers: { 200: Protocol.GpuView },
        errors: [404, 409],
      }),
    },
    async (request) => gpus.view(gpus.named(request.params.id)),
  )
  app.get(
    "/marketplace/regions",
    {
      schema: routeSchema({
        tag,
        summary: "Where machines may stand",
        answers: { 200: Protocol.RegionList },
      }),
    },
    async () => ({
      data: regions.all().map(({ name, timezone }) => ({ region: name, timezone })),
    }),
  )
  app.get(
    "/marketplace/rates",
    {
      schema: routeSchema({
        tag,
        summary: "What hours cost by region: asked now, and paid by the hour of the day",
        answers: { 200: Protocol.HourRates },
      }),
    },
    async () => ({ data: ratesOf(hours, regions.all()) }),
  )
}

const runs = ({ models, capabilities }: Protocol.GpuView, model: string): boolean => {
  const supported = capabilities["supported_models"]
  return models.includes(model) || (Array.isArray(supported) && supported.includes(model))
}

const changeRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, gpus } = hours
  const changeRoute = <B>(
    method: "PATCH" | "PUT",
    path: string,
    summary: string,
    body: MachineChange<B>["body"],
    change: MachineChange<B>["change"],
  ): void =>
    machineChange<B>(app, hours, {
      method,
      path,
      summary,
      body,
      bodyLimit: smallBodyBytes,
      answer: Protocol.GpuView,
      view: (changed) => gpus.view(changed),
      change,
    })
  changeRoute<Protocol.GpuChange>(
    "PATCH",
    "",
    "Change a machine: what is sold stays as it was sold",
    Protocol.GpuChange,
    gpus.change,
  )
  changeRoute<Protocol.GpuPricing>(
    "PUT",
    "/pricing",
    "Change its price and how that follows demand",
    Protocol.GpuPricing,
    gpus.change,
  )
  changeRoute<Protocol.GpuAvailability>(
    "PUT",
    "/availability",
    "Change when it is to be had; maintenance wins over availability",
    Protocol.GpuAvailability,
    (listed, { schedule }) => gpus.setSchedule(listed, schedule),
  )
  changeRoute<SlaTargets>(
    "PUT",
    "/sla",
    "Replace what it promises with hours that are ordered from now on; what is left out is not promised",
    SlaTargets,
    gpus.setSla,
  )
  app.delete<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id",
    {
      config: changeRate(services),
      schema: routeSchema({
        tag,
        summary:
          "Sell it no more; refused while hours of it are sold. Its host goes with it, unless it serves calls as well",
        keys: providerKeys,
        params: Protocol.GpuPath,
        without: "It is gone",
        errors: [404, 409],
      }),
    },
    async (request, reply) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      gpus.remove(listed)
      await services.driver.durable()
      return reply.status(204).send()
    },
  )
}

const calendarRoute = (app: FastifyInstance, hours: Hours): void => {
  const { services, gpus, calendar } = hours
  app.get<{ Params: Protocol.GpuPath; Querystring: Protocol.CalendarQuery }>(
    "/marketplace/gpu/:id/calendar",
    {
      schema: routeSchema({
        tag,
        summary: "When it is open, and what of that is sold: nobody is told to whom",
        params: Protocol.GpuPath,
        query: Protocol.CalendarQuery,
        answers: { 200: Protocol.GpuCalendar },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const { gpu, host } = gpus.named(request.params.id)
      const days = Protocol.calendarDays.read(request.query.days)
      const { market, clock } = services.driver
      const from = clock.nowMicros()
      const until = from + days * 24 * microsPerHour
      const steps = calendarView(market, gpu.id) ?? []
      const { isoOf } = calendar
      return {
        gpu_id: host.publicId,
        from: isoOf(from),
        until: isoOf(until),
        open: openSpans(market, gpu.id, from, until).map(([begin, end]) => ({
          from: isoOf(begin),
          until: isoOf(end),
        })),
        maintenance: maintenanceSpans(market, gpu.id, from, until).map(([begin, end]) => ({
          from: isoOf(begin),
          until: isoOf(end),
        })),
        sold: steps.flatMap(({ from: begin, jobs, memoryMib }, index) => {
          const start = Math.max(from, begin)
          const end = Math.min(until, steps[index + 1]?.from ?? Infinity)
          if ((jobs === 0 && memoryMib === 0) || start >= end) return []
          return {
            from: isoOf(start),
            until: isoOf(end),
            jobs,
            memory_gib: gibOf(memoryMib),
          }
        }),
        max_jobs: gpu.terms.maxJobs,
        memory_gib: gibOf(memoryForSale(gpu)),
      }
    },
  )
}
