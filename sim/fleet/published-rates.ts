/**
 * What an hour of a machine costs in public, US dollars: where a host that sells hours starts from, at the
 * worth that `operators.creditUsd` gives a credit.
 *
 * Each is the low end of the rents that `devices.ts` lists, which is what small hosts are rented at on RunPod's
 * community cloud (runpod.io/pricing) and Vast.ai (vast.ai/pricing). A row that was not read there on its date is
 * `confidence: "believed"`: from memory, and rough. Nobody rents out Apple machines by the hour: they have none.
 */
import type { Confidence } from "./devices.ts"

export interface PublishedRate {
  readonly device: string
  readonly usdPerHour: number
  /** The name under which it is listed. */
  readonly listedAs: string
  /** Year and month. */
  readonly date: string
  readonly confidence: Confidence
}

// prettier-ignore
const rows: ReadonlyArray<
  readonly [device: string, usdPerHour: number, listedAs: string, date: string, confidence: Confidence]
> = [
  ["RTX 3060 12GB",        0.08, "RTX 3060",          "2026-11", "believed"],
  ["RTX 3070 8GB",         0.08, "RTX 3070",          "2026-11", "believed"],
  ["RTX 3080 10GB",        0.12, "RTX 3080",          "2026-11", "believed"],
  ["RTX 3090",             0.22, "RTX 3090",          "2026-11", "seen"],
  ["RTX 4060 Ti 16GB",     0.1,  "RTX 4060 Ti",       "2026-11", "believed"],
  ["RTX 4070 Ti",          0.15, "RTX 4070 Ti",       "2026-11", "believed"],
  ["RTX 4080",             0.2,  "RTX 4080",          "2026-11", "believed"],
  ["RTX 4090",             0.34, "RTX 4090",          "2026-11", "seen"],
  ["RTX 5060 Ti 16GB",     0.12, "RTX 5060 Ti",       "2026-11", "believed"],
  ["RTX 5070 Ti",          0.2,  "RTX 5070 Ti",       "2026-11", "believed"],
  ["RTX 5090",             0.69, "RTX 5090",          "2026-11", "seen"],
  ["RTX A6000",            0.45, "RTX A6000",         "2026-11", "believed"],
  ["RTX 6000 Ada",         0.75, "RTX 6000 Ada",      "2026-11", "believed"],
  ["RTX PRO 6000 (Max-Q)", 0.89, "RTX PRO 6000 MaxQ", "2026-11", "seen"],
  ["T4",                   0.15, "Tesla T4",          "2026-11", "believed"],
  ["A10",                  0.4,  "A10",               "2026-11", "believed"],
  ["L4",                   0.44, "L4",                "2026-11", "seen"],
  ["A40",                  0.4,  "A40",               "2026-11", "believed"],
  ["L40S",                 0.4,  "L40S",              "2026-11", "seen"],
  ["A100 PCIe 80GB",       1.19, "A100 PCIe",         "2026-11", "seen"],
  ["A100 SXM 80GB",        1.17, "A100 SXM",          "2026-11", "seen"],
  ["H100 PCIe",            1.99, "H100 PCIe",         "2026-11", "seen"],
  ["H100 SXM",             2.69, "H100 SXM",          "2026-11", "seen"],
  ["H200 SXM",             3.59, "H200 SXM",          "2026-11", "seen"],
  ["B200",                 4.49, "B200",              "2026-11", "seen"],
  ["MI300X",               2,    "MI300X",            "2026-11", "believed"],
]

export const publishedRates: ReadonlyArray<PublishedRate> = rows.map(
  ([device, usdPerHour, listedAs, date, confidence]) => ({
    device,
    usdPerHour,
    listedAs,
    date,
    confidence,
  }),
)

const byDevice = new Map(publishedRates.map(({ device, usdPerHour }) => [device, usdPerHour]))

/** What an hour of a device costs in public; `undefined`: nobody rents it out by the hour. */
export const publishedRateOf = (device: string): number | undefined => byDevice.get(device)
