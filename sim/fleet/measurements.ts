/**
 * Published measurements that the service model is calibrated on, and checked against.
 *
 * Rates: XiongjieDai, "GPU-Benchmarks-on-LLM-Inference" (GitHub): llama.cpp, one stream, all
 * layers on one device. Peak bandwidth and arithmetic: the vendors' figures.
 */
import type { MemoryKind } from "./devices.ts"
import type { Quantisation } from "./models.ts"

/** One device serving Llama-3-8B to one stream. `null`: not measured (the model did not fit). */
export interface SingleStreamMeasurement {
  readonly device: string
  readonly memory: MemoryKind
  /** Peak, 10^9 bytes a second. */
  readonly bandwidthGbs: number
  /** Peak dense fp16, 10^12 operations a second. */
  readonly fp16DenseTflops: number
  readonly decodeTokensPerSecond: Readonly<Record<Quantisation, number | null>>
  readonly prefillTokensPerSecond: Readonly<Record<Quantisation, number | null>>
}

/** Decoding was measured over 1,024 tokens from an empty context: 512 tokens on average. */
export const MEASURED_CONTEXT_TOKENS = 512

/** Snapshot of May 2024: `tg 1024` and `pp 1024` of Llama-3-8B in Q4_K_M and F16. */
// prettier-ignore
const singleStreamRows: ReadonlyArray<
  readonly [
    device: string, memory: MemoryKind, bandwidthGbs: number, fp16DenseTflops: number,
    decodeQ4: number, decodeF16: number | null, prefillQ4: number, prefillF16: number | null,
  ]
> = [
  ["RTX 3070",     "gddr",  448,   81,  70.94,  null,  2283.62, null],
  ["RTX 3080",     "gddr",  760,   119, 106.4,  null,  3557.02, null],
  ["RTX 3080 Ti",  "gddr",  912,   136, 106.71, null,  3556.67, null],
  ["RTX 4070 Ti",  "gddr",  504,   160, 82.21,  null,  3653.07, null],
  ["RTX 4080",     "gddr",  716.8, 195, 106.22, 40.29, 5064.99, 6758.9],
  ["RTX 4000 Ada", "gddr",  360,   107, 58.59,  20.85, 2310.53, 2951.87],
  ["RTX 3090",     "gddr",  936,   142, 111.74, 46.51, 3865.39, 4239.64],
  ["RTX 4090",     "gddr",  1008,  330, 127.74, 54.34, 6898.71, 9056.26],
  ["RTX 5000 Ada", "gddr",  576,   261, 89.87,  32.67, 4467.46, 5835.41],
  ["RTX A6000",    "gddr",  768,   155, 102.22, 40.25, 3621.81, 4315.18],
  ["RTX 6000 Ada", "gddr",  960,   364, 130.99, 51.97, 5560.94, 6205.44],
  ["A40",          "gddr",  696,   150, 88.95,  33.95, 3240.95, 4043.05],
  ["L40S",         "gddr",  864,   362, 113.6,  43.42, 5908.52, null],
  ["A100 PCIe",    "hbm",   1935,  312, 138.31, 54.56, 5800.48, 7504.24],
  ["A100 SXM",     "hbm",   2039,  312, 133.38, 53.18, 5863.92, null],
  ["H100 PCIe",    "hbm",   2000,  756, 144.49, 67.79, 7760.16, 10342.63],
  ["M1",           "apple", 68,    5.2, 9.72,   null,  87.26,   null],
  ["M1 Max",       "apple", 400,   21,  34.49,  18.43, 355.45,  418.77],
  ["M2 Ultra",     "apple", 800,   54,  76.28,  36.25, 1023.89, 1202.74],
  ["M3 Max",       "apple", 400,   28,  50.74,  22.39, 678.04,  751.49],
]

export const singleStreamMeasurements: ReadonlyArray<SingleStreamMeasurement> =
  singleStreamRows.map(
    ([
      device,
      memory,
      bandwidthGbs,
      fp16DenseTflops,
      decodeQ4,
      decodeF16,
      prefillQ4,
      prefillF16,
    ]) => ({
      device,
      memory,
      bandwidthGbs,
      fp16DenseTflops,
      decodeTokensPerSecond: { q4: decodeQ4, f16: decodeF16 },
      prefillTokensPerSecond: { q4: prefillQ4, f16: prefillF16 },
    }),
  )

/** A larger model, on a device of the fit: never fitted, only predicted. */
export interface LargerModelMeasurement {
  readonly device: string
  readonly parameters: number
  readonly layers: number
  readonly weightBytes: number
  readonly kvBytesPerToken: number
  /** Mean context while decoding. */
  readonly contextTokens: number
  readonly decodeTokensPerSecond: number
}

const GIB = 2 ** 30

/** LLaMA 13B, 30B and 65B in Q4_0: all heads are key/value heads, of dimension 128. */
const llama = (parameters: number, layers: number, heads: number, gib: number) => ({
  parameters,
  layers,
  weightBytes: gib * GIB,
  kvBytesPerToken: layers * heads * 128 * 2 * 2,
  // A prompt of about 300 tokens, then 1,024 generated.
  contextTokens: 800,
})
const llama13b = llama(13.0e9, 40, 40, 7.24)
const llama30b = llama(32.5e9, 60, 52, 17.84)
const llama65b = llama(65.2e9, 80, 64, 35.5)

const llama3_70b = (gib: number) => ({
  parameters: 70.6e9,
  layers: 80,
  weightBytes: gib * GIB,
  kvBytesPerToken: 80 * 8 * 128 * 2 * 2,
  contextTokens: MEASURED_CONTEXT_TOKENS,
})

/** LLaMA: snapshot of December 2023 (older software). Llama-3-70B: May 2024, `tg 1024`. */
export const largerModelMeasurements: ReadonlyArray<LargerModelMeasurement> = [
  { device: "RTX 4080", ...llama13b, decodeTokensPerSecond: 67.92 },
  { device: "RTX 3090", ...llama13b, decodeTokensPerSecond: 75.01 },
  { device: "RTX 4090", ...llama13b, decodeTokensPerSecond: 88.88 },
  { device: "RTX A6000", ...llama13b, decodeTokensPerSecond: 67.05 },
  { device: "RTX 6000 Ada", ...llama13b, decodeTokensPerSecond: 74.07 },
  { device: "RTX 3090", ...llama30b, decodeTokensPerSecond: 33.68 },
  { device: "RTX 4090", ...llama30b, decodeTokensPerSecond: 40.09 },
  { device: "RTX A6000", ...llama30b, decodeTokensPerSecond: 29.7 },
  { device: "RTX 6000 Ada", ...llama30b, decodeTokensPerSecond: 32.65 },
  { device: "RTX A6000", ...llama65b, decodeTokensPerSecond: 15.69 },
  { device: "RTX 6000 Ada", ...llama65b, decodeTokensPerSecond: 17.39 },
  { device: "M1 Max", ...llama3_70b(39.59), decodeTokensPerSecond: 4.09 },
  { device: "M2 Ultra", ...llama3_70b(39.59), decodeTokensPerSecond: 12.13 },
  { device: "M2 Ultra", ...llama3_70b(131.42), decodeTokensPerSecond: 4.71 },
  { device: "M3 Max", ...llama3_70b(39.59), decodeTokensPerSecond: 7.53 },
]
