/** Specialised models that machines host, as they stand. */
import { accuracyOf, instanceView } from "../../engine/index.ts"
import { servedInstances } from "../directory/host-state.ts"
import type { GpuRecord, HostRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { GpuModelsView, SpecialisedView } from "../protocol/reputation-protocol.ts"
import { gibOf, memoryForSale } from "./memory.ts"

type Hosted = NonNullable<GpuRecord["specialised"]>[number]

const one = 10_000

/** For everybody. */
export const specialisedOf = (
  services: LiveServices,
  { id, specialised = [] }: GpuRecord,
): ReadonlyArray<SpecialisedView> => specialised.map((hosted) => viewOf(services, id, hosted))

/** For its provider. */
export const modelsView = (
  services: LiveServices,
  { gpu, host }: { readonly gpu: GpuRecord; readonly host: HostRecord },
): GpuModelsView => ({
  gpu_id: host.publicId,
  memory_for_sale_gib: gibOf(memoryForSale(gpu)),
  models: (gpu.specialised ?? []).map((hosted) => ({
    ...viewOf(services, gpu.id, hosted),
    model_path: hosted.path ?? null,
  })),
})

const viewOf = (
  services: LiveServices,
  host: GpuRecord["id"],
  { model: id, memoryMib, specialization }: Hosted,
): SpecialisedView => {
  const { directory, driver } = services
  const model = directory.models.get(id)
  const served = servedInstances(services, host).find((instance) => instance.model === id)
  const accuracy = served === undefined ? undefined : accuracyOf(driver.market, served.id)
  const reason = served === undefined ? undefined : instanceView(driver.market, served.id)?.reason
  return {
    model_name: model?.name ?? "",
    specialization: specialization ?? null,
    gpu_memory: gibOf(memoryMib),
    accuracy_requirement: (model?.accuracyBps ?? 0) / one,
    accuracy: accuracy === undefined ? null : accuracy / one,
    premium_rate: driver.market.economy.specialised.premium,
    state:
      served === undefined
        ? "not_served"
        : accuracy === undefined
          ? "not_measured"
          : reason === "BelowAccuracy"
            ? "below_accuracy"
            : "served",
  }
}
