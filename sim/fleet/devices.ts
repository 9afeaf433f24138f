/**
 * The catalogue of devices: what a node may be made of.
 *
 * Figures are vendors' peak figures and rents seen in 2026. A row whose specification could not be
 * confirmed by a second reading is marked `confidence: "believed"`; so is a rent, in
 * `rentConfidence`. fp16 figures are dense, with fp16 accumulation where the vendor gives both
 * (RTX 4090: 330, with fp32 accumulation 165; RTX 5090: 419 and 210). The B200's bandwidth is
 * given as 8,000 GB/s by one source and 7,700 by another.
 *
 * Two figures are assumptions of this project: the storage bandwidth at which a model's weights
 * are read when a node starts (`storageGbs`), and the memory that the runtime keeps for itself
 * (`usableMemoryBytes`).
 */

/** Who runs such a device: gamers and hobbyists, rented racks and workstations, or Apple users. */
export const deviceClasses = ["consumer", "datacenter", "apple"] as const
export type DeviceClass = (typeof deviceClasses)[number]

/** What the calibration depends on: the memory, and with it the software that drives it. */
export type MemoryKind = "gddr" | "hbm" | "apple"

/** "seen": read in a published source. "believed": from memory or a single reading; rough. */
export type Confidence = "seen" | "believed"

/** A figure that sources give as a span; `low === high` where they agree. */
export interface Range {
  readonly low: number
  readonly high: number
}

export interface Device {
  readonly name: string
  readonly deviceClass: DeviceClass
  readonly memory: MemoryKind
  /** Memory in GiB (2^30 bytes), as vendors count it. Apple's is shared with the processor. */
  readonly memoryGib: number
  /** Peak memory bandwidth, 10^9 bytes a second. */
  readonly bandwidthGbs: number
  /** Peak dense fp16 arithmetic, 10^12 operations a second. */
  readonly fp16DenseTflops: number
  /** Power under load. */
  readonly watts: Range
  /** Rent; `null` where nobody rents the device out by the hour. */
  readonly rentUsdPerHour: Range | null
  /** Bandwidth of the node's storage when it loads a model, 10^9 bytes a second (assumption). */
  readonly storageGbs: number
  readonly confidence: Confidence
  readonly rentConfidence: Confidence | null
}

/** Assumption: a mid-range NVMe drive behind a file system. */
const CONSUMER_STORAGE_GBS = 2
/** Assumption: a local NVMe drive of a rack server, shared with its neighbours. */
const DATACENTER_STORAGE_GBS = 3
/** Assumption: Apple's internal drives. */
const APPLE_STORAGE_GBS = 5

type Span = readonly [low: number, high: number]

// prettier-ignore
const rows: ReadonlyArray<
  readonly [
    name: string, deviceClass: DeviceClass, memory: MemoryKind, memoryGib: number,
    bandwidthGbs: number, fp16DenseTflops: number, watts: Span, rentUsdPerHour: Span | null,
    confidence: Confidence, rentConfidence: Confidence | null,
  ]
> = [
  ["RTX 3060 12GB",        "consumer",   "gddr",  12,  360,  51,   [170, 170],   [0.08, 0.08],  "believed", "believed"],
  ["RTX 3070 8GB",         "consumer",   "gddr",  8,   448,  81,   [220, 220],   [0.08, 0.08],  "believed", "believed"],
  ["RTX 3080 10GB",        "consumer",   "gddr",  10,  760,  119,  [320, 320],   [0.12, 0.12],  "believed", "believed"],
  ["RTX 3090",             "consumer",   "gddr",  24,  936,  142,  [350, 350],   [0.22, 0.39],  "seen",     "seen"],
  ["RTX 4060 Ti 16GB",     "consumer",   "gddr",  16,  288,  88,   [165, 165],   [0.1, 0.1],    "believed", "believed"],
  ["RTX 4070 Ti",          "consumer",   "gddr",  12,  504,  160,  [285, 285],   [0.15, 0.15],  "believed", "believed"],
  ["RTX 4080",             "consumer",   "gddr",  16,  717,  195,  [320, 320],   [0.2, 0.2],    "believed", "believed"],
  ["RTX 4090",             "consumer",   "gddr",  24,  1008, 330,  [450, 450],   [0.34, 0.88],  "seen",     "seen"],
  ["RTX 5060 Ti 16GB",     "consumer",   "gddr",  16,  448,  95,   [180, 180],   [0.12, 0.12],  "seen",     "believed"],
  ["RTX 5070 Ti",          "consumer",   "gddr",  16,  896,  176,  [300, 300],   [0.2, 0.2],    "seen",     "believed"],
  ["RTX 5090",             "consumer",   "gddr",  32,  1792, 419,  [575, 575],   [0.69, 1.22],  "seen",     "seen"],
  ["RTX A6000",            "datacenter", "gddr",  48,  768,  155,  [300, 300],   [0.45, 0.45],  "believed", "believed"],
  ["RTX 6000 Ada",         "datacenter", "gddr",  48,  960,  364,  [300, 300],   [0.75, 0.75],  "believed", "believed"],
  ["RTX PRO 6000 (Max-Q)", "datacenter", "gddr",  96,  1792, 500,  [300, 300],   [0.89, 1.57],  "seen",     "seen"],
  ["T4",                   "datacenter", "gddr",  16,  320,  65,   [70, 70],     [0.15, 0.15],  "seen",     "believed"],
  ["A10",                  "datacenter", "gddr",  24,  600,  125,  [150, 150],   [0.4, 0.4],    "seen",     "believed"],
  ["L4",                   "datacenter", "gddr",  24,  300,  121,  [72, 72],     [0.44, 0.78],  "believed", "seen"],
  ["A40",                  "datacenter", "gddr",  48,  696,  150,  [300, 300],   [0.4, 0.4],    "believed", "believed"],
  ["L40S",                 "datacenter", "gddr",  48,  864,  362,  [350, 350],   [0.4, 1.4],    "seen",     "seen"],
  ["A100 PCIe 80GB",       "datacenter", "hbm",   80,  1935, 312,  [300, 300],   [1.19, 2.1],   "seen",     "seen"],
  ["A100 SXM 80GB",        "datacenter", "hbm",   80,  2039, 312,  [400, 400],   [1.17, 2.45],  "seen",     "seen"],
  ["H100 PCIe",            "datacenter", "hbm",   80,  2000, 756,  [350, 350],   [1.99, 3.51],  "seen",     "seen"],
  ["H100 SXM",             "datacenter", "hbm",   80,  3350, 990,  [700, 700],   [2.69, 4.76],  "seen",     "seen"],
  ["H200 SXM",             "datacenter", "hbm",   141, 4800, 990,  [700, 700],   [3.59, 6.35],  "seen",     "seen"],
  ["B200",                 "datacenter", "hbm",   192, 8000, 2250, [1000, 1000], [4.49, 10.57], "seen",     "seen"],
  ["MI300X",               "datacenter", "hbm",   192, 5300, 1307, [750, 750],   [2, 2],        "seen",     "believed"],
  ["Apple M1 Max 32c",     "apple",      "apple", 64,  400,  21,   [60, 90],     null,          "believed", null],
  ["Apple M2 Ultra 76c",   "apple",      "apple", 192, 800,  54,   [150, 200],   null,          "believed", null],
  ["Apple M3 Max 40c",     "apple",      "apple", 64,  400,  28,   [60, 90],     null,          "believed", null],
  ["Apple M4 Max 40c",     "apple",      "apple", 128, 546,  34,   [60, 100],    null,          "seen",     null],
]

const storageGbs: Readonly<Record<DeviceClass, number>> = {
  consumer: CONSUMER_STORAGE_GBS,
  datacenter: DATACENTER_STORAGE_GBS,
  apple: APPLE_STORAGE_GBS,
}

const rangeOf = ([low, high]: Span): Range => ({ low, high })

export const devices: ReadonlyArray<Device> = rows.map(
  ([name, deviceClass, memory, memoryGib, gbs, tflops, watts, rent, confidence, rentSeen]) => ({
    name,
    deviceClass,
    memory,
    memoryGib,
    bandwidthGbs: gbs,
    fp16DenseTflops: tflops,
    watts: rangeOf(watts),
    rentUsdPerHour: rent === null ? null : rangeOf(rent),
    storageGbs: storageGbs[deviceClass],
    confidence,
    rentConfidence: rentSeen,
  }),
)

const byName = new Map(devices.map((device) => [device.name, device]))

/** The device of that exact name, or `undefined`. */
export const findDevice = (name: string): Device | undefined => byName.get(name)

/** The middle of a range. */
export const midpoint = (range: Range): number => (range.low + range.high) / 2

/**
 * Assumption: a discrete device's runtime (driver context, activations, scratch) takes 1 GiB.
 */
const RUNTIME_BYTES = 2 ** 30

/**
 * An Apple device lends its graphics processor 70% of a small and 78% of a large unified memory
 * (the limit `recommendedMaxWorkingSetSize`, as reported with the measurements that
 * `measurements.ts` quotes); 75% is taken for all.
 */
const APPLE_MEMORY_SHARE = 0.75

/** Bytes of memory left for weights and contexts. */
export const usableMemoryBytes = (device: Device): number =>
  device.memory === "apple"
    ? device.memoryGib * 2 ** 30 * APPLE_MEMORY_SHARE
    : device.memoryGib * 2 ** 30 - RUNTIME_BYTES
