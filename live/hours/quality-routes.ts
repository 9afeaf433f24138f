/** Specialised models of machines, and what the platform has found out about the quality of answers. */
import type { FastifyInstance } from "fastify"
import { openRechecks } from "../../engine/index.ts"
import { requireKey } from "../directory/authentication.ts"
import { servedInstances } from "../directory/host-state.ts"
import type { KeyRecord } from "../directory/records.ts"
import { badRequest, conflict, notFound } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import * as Protocol from "../protocol/hours-protocol.ts"
import * as Reputation from "../protocol/reputation-protocol.ts"
import { providerKeys, requireProvider } from "./caller.ts"
import type { Hours } from "./hours.ts"
import { machineChange } from "./machine-change.ts"
import { submittingTo } from "./submitting.ts"
import { modelsView } from "./specialised-view.ts"
import { hostModels, specialisedNamed } from "./specialised.ts"

const smallBodyBytes = 65_536
const one = 10_000

export const qualityRoutes = (app: FastifyInstance, hours: Hours): void => {
  modelRoutes(app, hours)
  auditRoutes(app, hours)
}

const modelRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, gpus } = hours
  app.get<{ Params: Protocol.GpuPath }>(
    "/marketplace/gpu/:id/models",
    {
      schema: routeSchema({
        tag: "Hours",
        summary: "Specialised models that it hosts",
        keys: providerKeys,
        params: Protocol.GpuPath,
        answers: { 200: Reputation.GpuModelsView },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const listed = gpus.named(request.params.id)
      requireProvider(services, request, listed)
      return modelsView(services, listed)
    },
  )
  machineChange<Reputation.GpuModels>(app, hours, {
    method: "PUT",
    path: "/models",
    summary:
      "Say which specialised models it hosts: the memory that they take is not sold by the hour",
    body: Reputation.GpuModels,
    bodyLimit: smallBodyBytes,
    answer: Reputation.GpuModelsView,
    view: (changed) => modelsView(services, changed),
    change: (listed, wish) => hostModels(hours, listed, wish),
  })
}

const auditRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, calendar } = hours
  const { directory, driver, store } = services
  const namesOf = (id: number) => {
    const instance = directory.instances.get(id)
    return {
      host_id: (instance && directory.hosts.get(instance.host)?.publicId) ?? "",
      model: (instance && directory.models.get(instance.model)?.name) ?? "",
    }
  }
  const submit = submittingTo(driver)
  const note = (finding: string, subject: number | null, quantity: number, admin: KeyRecord) =>
    store.noteAudit({
      at: driver.clock.nowMicros(),
      finding,
      subject,
      quantity,
      actor: admin.publicId,
    })

  const accuracy = (wish: Reputation.AuditWish, admin: KeyRecord): Reputation.AuditAnswer => {
    const { host_id, model: name, score } = wish
    for (const [param, given] of Object.entries({ host_id, model: name, score }))
      if (given === undefined)
        throw badRequest(`\`${param}\` is missing: an accuracy has one`, param)
    const host = directory.hostByPublicId(host_id ?? "")
    if (host === undefined) throw notFound(`host ${(host_id ?? "").slice(0, 100)}`)
    const model = specialisedNamed(services, name ?? "")
    const measured = servedInstances(services, host.id).filter((each) => each.model === model.id)
    if (measured.length === 0)
      throw conflict("not_served", `Host ${host.publicId} serves no calls of ${model.name}`)
    const scoreBps = Math.round((score ?? 0) * one)
    for (const { id } of measured) submit({ _tag: "AccuracyMeasured", instance: id, scoreBps })
    note("AccuracyMeasured", host.account, scoreBps, admin)
    return {
      kind: "accuracy",
      host_id: host.publicId,
      model: model.name,
      finding: scoreBps >= model.accuracyBps ? "accurate" : "below_accuracy",
    }
  }

  const quality = (wish: Reputation.AuditWish, admin: KeyRecord): Reputation.AuditAnswer => {
    const { recheck_id, is_same: isSame } = wish
    if (recheck_id === undefined)
      throw badRequest("`recheck_id` is missing: GET /admin/audits lists them", "recheck_id")
    if (isSame === undefined)
      throw badRequest("`is_same` is missing: true, or false for another answer", "is_same")
    const recheck = openRechecks(driver.market).find(
      ({ request }) => request === Number(recheck_id),
    )
    if (recheck === undefined)
      throw notFound(
        `answer ${recheck_id} that is waited for; GET /admin/audits lists those that are`,
      )
    const host = directory.instances.get(recheck.instance)?.host
    const account = host === undefined ? undefined : directory.hosts.get(host)?.account
    submit({ _tag: "QualityAudited", request: recheck.request, isSame })
    note("QualityAudited", account ?? null, isSame ? 1 : 0, admin)
    return { kind: "quality", ...namesOf(recheck.instance), finding: isSame ? "same" : "fraud" }
  }

  app.post<{ Body: Reputation.AuditWish }>(
    "/admin/audits",
    {
      bodyLimit: smallBodyBytes,
      schema: routeSchema({
        tag: "Admin",
        summary:
          "What was measured of a host: its accuracy with a specialised model, or whether an answer that was run again elsewhere is the same",
        keys: ["admin"],
        body: Reputation.AuditWish,
        answers: { 200: Reputation.AuditAnswer },
        errors: [404, 409],
      }),
    },
    async (request) => {
      const admin = requireKey(services, request, "admin")
      const { body } = request
      const answer = body.kind === "accuracy" ? accuracy(body, admin) : quality(body, admin)
      await driver.durable()
      return answer
    },
  )
  app.get(
    "/admin/audits",
    {
      schema: routeSchema({
        tag: "Admin",
        summary: "Answers that the market has drawn to be run again elsewhere, and waits for",
        keys: ["admin"],
        answers: { 200: Reputation.RecheckList },
      }),
    },
    async (request) => {
      requireKey(services, request, "admin")
      return {
        data: openRechecks(driver.market).map(({ request: recheck, instance, untilMicros }) => ({
          recheck_id: String(recheck),
          ...namesOf(instance),
          until: calendar.isoOf(untilMicros),
        })),
      }
    },
  )
}
