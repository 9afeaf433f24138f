/**
 * What an hour of a machine costs in public, US dollars: where a host that sells hours starts from, at the
 * worth that `operators.creditUsd` gives a credit.
 *
 * Each is the low end, where a market of small hosts has to compete: interruptible machines of RunPod, as a price
 * guide of March 2026 lists them (deploybase.ai/articles/runpod-gpu-pricing), and Vast.ai's cheapest, as one of May 2026 does
 * (fairlane.systems/en/wissen/tool-vast-ai). Such guides disagree by half on what a rate includes. A row that stands in
 * neither is `confidence: "believed"`: the low end of the rents in `devices.ts`. Nobody rents out Apple machines by the
 * hour: they have none.
 */
import type { Confidence } from "./devices.ts"

export interface PublishedRate {
  readonly device: string
  readonly usdPerHour: number
  /** Who lists it. */
  readonly listedBy: string
  /** Year and month. */
  readonly date: string
  readonly confidence: Confidence
}

const memory = "from memory"

// prettier-ignore
const rows: ReadonlyArray<
  readonly [device: string, usdPerHour: number, listedBy: string, date: string, confidence: Confidence]
> = [
  ["RTX 3060 12GB",        0.08, memory,    "2026-11", "believed"],
  ["RTX 3070 8GB",         0.08, memory,    "2026-11", "believed"],
  ["RTX 3080 10GB",        0.12, memory,    "2026-11", "believed"],
  ["RTX 3090",             0.22, "RunPod",  "2026-03", "seen"],
  ["RTX 4060 Ti 16GB",     0.1,  memory,    "2026-11", "believed"],
  ["RTX 4070 Ti",          0.15, memory,    "2026-11", "believed"],
  ["RTX 4080",             0.2,  memory,    "2026-11", "believed"],
  ["RTX 4090",             0.34, "RunPod",  "2026-03", "seen"],
  ["RTX 5060 Ti 16GB",     0.12, memory,    "2026-11", "believed"],
  ["RTX 5070 Ti",          0.2,  memory,    "2026-11", "believed"],
  ["RTX 5090",             0.69, "RunPod",  "2026-03", "seen"],
  ["RTX A6000",            0.55, "Vast.ai", "2026-05", "seen"],
  ["RTX 6000 Ada",         0.75, memory,    "2026-11", "believed"],
  ["RTX PRO 6000 (Max-Q)", 0.89, "RunPod",  "2026-03", "seen"],
  ["T4",                   0.15, memory,    "2026-11", "believed"],
  ["A10",                  0.4,  memory,    "2026-11", "believed"],
  ["L4",                   0.44, "RunPod",  "2026-03", "seen"],
  ["A40",                  0.4,  memory,    "2026-11", "believed"],
  ["L40S",                 0.79, "RunPod",  "2026-03", "seen"],
  ["A100 PCIe 80GB",       1.19, "RunPod",  "2026-03", "seen"],
  ["A100 SXM 80GB",        1.39, "RunPod",  "2026-03", "seen"],
  ["H100 PCIe",            1.99, "RunPod",  "2026-03", "seen"],
  ["H100 SXM",             2.69, "RunPod",  "2026-03", "seen"],
  ["H200 SXM",             3.59, "RunPod",  "2026-03", "seen"],
  ["B200",                 5.98, "RunPod",  "2026-03", "seen"],
  ["MI300X",               2,    memory,    "2026-11", "believed"],
]

export const publishedRates: ReadonlyArray<PublishedRate> = rows.map(
  ([device, usdPerHour, listedBy, date, confidence]) => ({
    device,
    usdPerHour,
    listedBy,
    date,
    confidence,
  }),
)

const byDevice = new Map(publishedRates.map(({ device, usdPerHour }) => [device, usdPerHour]))

/** What an hour of a device costs in public; `undefined`: nobody rents it out by the hour. */
export const publishedRateOf = (device: string): number | undefined => byDevice.get(device)
