/**
 * Published figures of *batched* decoding, which the fit never saw: it knows single streams of
 * llama.cpp only. One device, 16-bit weights, Llama-like dense models; other software, and later.
 *
 * Taken: every row of a source that fits this description and lies before saturation, that is where
 * the source's own throughput still rises with concurrency. Left out: rows in FP8 (the model knows no
 * 8-bit arithmetic), rows on several GPUs, and a source's rows past its peak (A6000 at 512 streams,
 * H100 at 64). No such figures were found for Apple devices whose machine is named.
 */
import type { Device } from "./devices.ts"
import { findDevice } from "./devices.ts"
import type { Model } from "./models.ts"
import { decodeStepSeconds, prefillSeconds } from "./service-model.ts"
import type { Deployment } from "./service-model.ts"

const dense = (
  name: string,
  parameters: number,
  layers: number,
  kvHeads: number,
  headDim: number,
): Model => ({
  name,
  parameters,
  activeParameters: parameters,
  layers,
  kvHeads,
  headDim,
  experts: null,
  weightBytes: { q4: (parameters * 4.85) / 8, f16: 2 * parameters },
  source: "the model's public card and configuration",
})

const llama7b = dense("LLaMA 7B", 6.74e9, 32, 32, 128)
const gptJ6b = dense("GPT-J 6B", 6.05e9, 28, 16, 256)
const llama31_8b = dense("Llama-3.1-8B", 8.03e9, 32, 8, 128)
const mistral7b = dense("Mistral-7B-v0.3", 7.25e9, 32, 8, 128)
const qwen25_7b = dense("Qwen2.5-7B", 7.62e9, 28, 4, 128)

/**
 * `step`: milliseconds from token to token of one stream (median). `closed`: output tokens a second
 * of so many streams, each of which begins its next request when one is done; prefill included.
 */
export interface BatchedMeasurement {
  readonly device: Device
  readonly model: Model
  readonly streams: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly kind: "step" | "closed"
  readonly value: number
  readonly source: string
}

const device = (name: string): Device => {
  const found = findDevice(name)
  if (found === undefined) throw new Error(`the catalogue has lost ${name}`)
  return found
}

const TENSORRT =
  "NVIDIA, TensorRT-LLM, docs/source/performance.md at commit 138f96d (v0.6.1): A100, FP16, one GPU"
const A6000 =
  "ld-singh.github.io/ai-factory-ops-lab, inference benchmark report of 2026-06-27: vLLM 0.23.0"
const H100 = "yobitelcomm.github.io/bench, concurrency sweep of 2026-05-16: vLLM 0.21.0, fp16"
const RTX4090 =
  "mushfiqrahman.dev, Benchmarking Mistral-7B on RTX 4090, workload A: vLLM, 300 requests"

type Row = readonly [streams: number, inputTokens: number, outputTokens: number, value: number]

const group = (
  deviceName: string,
  model: Model,
  kind: "step" | "closed",
  source: string,
  rows: ReadonlyArray<Row>,
): ReadonlyArray<BatchedMeasurement> =>
  rows.map(([streams, inputTokens, outputTokens, value]) => ({
    device: device(deviceName),
    model,
    streams,
    inputTokens,
    outputTokens,
    kind,
    value,
    source,
  }))

export const batchedMeasurements: ReadonlyArray<BatchedMeasurement> = [
  // The source says A100; that it is the SXM module is an assumption.
  ...group("A100 SXM 80GB", llama7b, "closed", TENSORRT, [
    [384, 128, 128, 5586],
    [60, 128, 2048, 1928],
    [52, 2048, 128, 591],
  ]),
  ...group("A100 SXM 80GB", gptJ6b, "closed", TENSORRT, [
    [512, 128, 128, 6374],
    [60, 2048, 128, 670],
  ]),
  // Prompts are called short; 50 tokens are assumed. The answers' 51 to 53 tokens are the source's.
  ...group("RTX A6000", qwen25_7b, "step", A6000, [
    [1, 50, 53, 21.9],
    [2, 50, 51, 22.0],
    [4, 50, 51, 22.1],
    [8, 50, 51, 22.3],
    [64, 50, 51, 27.5],
    [128, 50, 52, 36.0],
    [256, 50, 52, 53.1],
  ]),
  // A short chat: 128 and 128 tokens are assumed; a step hardly depends on them.
  ...group("H100 SXM", llama31_8b, "step", H100, [
    [1, 128, 128, 6.48],
    [4, 128, 128, 6.59],
    [16, 128, 128, 10.94],
  ]),
  ...group("RTX 4090", mistral7b, "closed", RTX4090, [
    [4, 256, 128, 210],
    [8, 256, 128, 377],
    [16, 256, 128, 644],
    [32, 256, 128, 975],
    [48, 256, 128, 1190],
  ]),
]

/**
 * What the service model says where the source says `value`. In a closed loop with b streams, a
 * round of b requests takes b prefills and the decode steps of one answer:
 *   b · output ÷ (prefill(b · input) + Σ t(b, context)).
 * Contexts grow linearly, so that the mean context stands for the sum.
 */
export const predictBatched = (row: BatchedMeasurement): number => {
  const deployment: Deployment = { device: row.device, model: row.model, quantisation: "f16" }
  const context = row.streams * (row.inputTokens + row.outputTokens / 2)
  const step = decodeStepSeconds(deployment, row.streams, context)
  if (row.kind === "step") return 1000 * step
  const seconds =
    prefillSeconds(deployment, row.streams * row.inputTokens) + (row.outputTokens - 1) * step
  return (row.streams * row.outputTokens) / seconds
}

/** Predicted ÷ measured rate − 1: above 0 where the model is too fast. */
export const batchedError = (row: BatchedMeasurement): number =>
  row.kind === "step" ? row.value / predictBatched(row) - 1 : predictBatched(row) / row.value - 1
