/**
 * Specialised models that machines host (docs/rules.md#specialised-models). Which models are specialised, how
 * accurate who serves them has to be and what that adds to their price is the market's to say; a provider says
 * which of them its machine hosts and how much memory they take, which is then not sold by the hour.
 */
import type { InstanceId } from "../../engine/index.ts"
import { servedInstances } from "../directory/host-state.ts"
import type { GpuRecord, ModelRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { badRequest, conflict, HttpError, notFound } from "../http/http-error.ts"
import type { GpuModels, SpecialisedModel } from "../protocol/reputation-protocol.ts"
import type { Gpus, Listed } from "./gpus.ts"
import { mibOf } from "./memory.ts"
import { submittingTo } from "./submitting.ts"

interface Parts {
  readonly services: LiveServices
  readonly gpus: Gpus
}

type Hosted = NonNullable<GpuRecord["specialised"]>[number]

const one = 10_000
const bpsOf = (share: number): number => Math.round(share * one)

/** All that a machine hosts from now on. Nothing is changed where any of it is refused. */
export const hostModels = ({ services, gpus }: Parts, listed: Listed, wish: GpuModels): Listed => {
  const { driver } = services
  const names = new Set(wish.models.map(({ model_name }) => model_name))
  if (names.size < wish.models.length)
    throw badRequest("`models`: one model stands twice", "models")
  const hosted = wish.models.map((asked) => hostedBy(services, asked))
  const measured = wish.models.flatMap((asked) => measurementsIn(services, listed, asked))
  const changed = gpus.setSpecialised(listed, hosted)
  const submit = submittingTo(driver)
  for (const fact of measured)
    submit({ ...fact, _tag: "AccuracyMeasured", by: listed.host.account })
  return changed
}

const hostedBy = (services: LiveServices, asked: SpecialisedModel): Hosted => {
  const { accuracyBps, id } = specialisedNamed(services, asked.model_name)
  const { premium } = services.driver.market.economy.specialised
  const { requirements = {}, premium_rate, model_path } = asked
  const { accuracy_requirement: accuracy, gpu_memory, specialization } = requirements
  if (accuracy !== undefined && bpsOf(accuracy) !== accuracyBps)
    throw conflict(
      "accuracy_of_market",
      `This market asks for an accuracy of ${accuracyBps / one} with ${asked.model_name}, not ${accuracy}`,
    )
  if (premium_rate !== undefined && bpsOf(premium_rate) !== bpsOf(premium))
    throw conflict(
      "premium_of_market",
      `Specialised models cost ${premium} more than their list price in this market, not ${premium_rate}`,
    )
  return {
    model: id,
    memoryMib: mibOf(gpu_memory ?? 0),
    ...(model_path === undefined ? {} : { path: model_path }),
    ...(specialization === undefined ? {} : { specialization }),
  }
}

/** Throws where the market lists no such model, or asks nothing of who serves it. */
export const specialisedNamed = (
  { directory }: Pick<LiveServices, "directory">,
  name: string,
): ModelRecord & { readonly accuracyBps: number } => {
  const model = directory.modelByName(name)
  if (model === undefined) throw notFound(`model ${name.slice(0, 200)} that this market lists`)
  const { accuracyBps } = model
  if (accuracyBps !== undefined) return { ...model, accuracyBps }
  throw conflict(
    "not_specialised",
    `Model ${model.name} is not specialised: this market asks for no accuracy of who serves it`,
  )
}

/** What a provider says that it has measured itself. */
const measurementsIn = (
  services: LiveServices,
  { host }: Listed,
  { measured_accuracy, model_name }: SpecialisedModel,
): ReadonlyArray<{ readonly instance: InstanceId; readonly scoreBps: number }> => {
  if (measured_accuracy === undefined) return []
  if (services.driver.market.economy.specialised.accuracy === "market")
    throw new HttpError({
      status: 403,
      type: "permission_error",
      code: "accuracy_of_market",
      message: "In this market the platform alone measures accuracy: leave measured_accuracy out",
    })
  const { id } = specialisedNamed(services, model_name)
  const served = servedInstances(services, host.id).filter(({ model }) => model === id)
  if (served.length === 0)
    throw conflict(
      "not_served",
      `Nothing can have been measured: host ${host.publicId} serves no calls of ${model_name}`,
    )
  return served.map((instance) => ({ instance: instance.id, scoreBps: bpsOf(measured_accuracy) }))
}
