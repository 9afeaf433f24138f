/** What a heartbeat says of the machine. */
import { Effect } from "effect"
import type { Heartbeat } from "../../protocol/host-protocol.ts"
import type { Gpu } from "./gpus.ts"
import { detectGpus } from "./gpus.ts"

/** Facts of all GPUs as one: mean load, sums of memory and power, the hottest. */
export const loadOf = (gpus: ReadonlyArray<Gpu>): Heartbeat => ({
  ...fact("gpu_utilization", gpus, (gpu) => gpu.utilisation, mean),
  ...fact("memory_used_mib", gpus, (gpu) => gpu.memoryUsedMib, sum),
  ...fact("memory_total_mib", gpus, (gpu) => gpu.memoryTotalMib, sum),
  ...fact("temperature_celsius", gpus, (gpu) => gpu.temperatureCelsius, most),
  ...fact("power_watts", gpus, (gpu) => gpu.powerWatts, sum),
})

/** The same, as of now. */
export const loadNow: Effect.Effect<Heartbeat> = Effect.map(detectGpus(), loadOf)

const fact = (
  name: keyof Heartbeat,
  gpus: ReadonlyArray<Gpu>,
  of: (gpu: Gpu) => number | undefined,
  join: (values: ReadonlyArray<number>) => number,
): Heartbeat => {
  const values = gpus.flatMap((gpu) => of(gpu) ?? [])
  return values.length === 0 ? {} : { [name]: join(values) }
}
const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)
const mean = (values: ReadonlyArray<number>): number => sum(values) / values.length
const most = (values: ReadonlyArray<number>): number => Math.max(...values)
