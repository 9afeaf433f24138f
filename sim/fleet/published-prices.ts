/**
 * What hosted inference costs in public: list prices by the million tokens, US dollars. Prices of the
 * built-in scenarios are these, at the worth that `operators.creditUsd` gives a credit.
 *
 * Each is the price of the hosts that OpenRouter (openrouter.ai/models) lists at the low end, where a
 * market of small hosts has to compete. A row that was not read there on its date is
 * `confidence: "believed"`: from memory of the lists of 2025 and 2026, and rough.
 */
import type { Confidence } from "./devices.ts"

export interface PublishedPrice {
  readonly model: string
  readonly inputUsdPerMtok: number
  readonly outputUsdPerMtok: number
  /** The name under which it is listed, which may be a later version of the same size. */
  readonly listedAs: string
  /** Year and month. */
  readonly date: string
  readonly confidence: Confidence
}

// prettier-ignore
const rows: ReadonlyArray<
  readonly [
    model: string, inputUsdPerMtok: number, outputUsdPerMtok: number,
    listedAs: string, date: string, confidence: Confidence,
  ]
> = [
  ["llama-3.2-3b",  0.02, 0.02, "Llama 3.2 3B Instruct",     "2025-12", "believed"],
  ["llama-3-8b",    0.03, 0.06, "Llama 3 8B Instruct",       "2026-11", "seen"],
  ["qwen3-30b-a3b", 0.06, 0.22, "Qwen3 30B A3B",             "2025-12", "believed"],
  ["qwen3-32b",     0.08, 0.24, "Qwen3 32B",                 "2025-12", "believed"],
  ["mixtral-8x7b",  0.54, 0.54, "Mixtral 8x7B Instruct",     "2025-12", "believed"],
  ["llama-3-70b",   0.1,  0.32, "Llama 3.3 70B Instruct",    "2026-11", "seen"],
]

export const publishedPrices: ReadonlyArray<PublishedPrice> = rows.map(
  ([model, inputUsdPerMtok, outputUsdPerMtok, listedAs, date, confidence]) => ({
    model,
    inputUsdPerMtok,
    outputUsdPerMtok,
    listedAs,
    date,
    confidence,
  }),
)
