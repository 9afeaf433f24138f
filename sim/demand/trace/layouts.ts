/**
 * Layouts of published traces: what their fields are called, and what is known of their stamps.
 *
 * - Azure LLM inference traces of 2023 and 2024 (Azure Public Dataset, CC-BY): dates.
 * - BurstGPT (Wang et al., arXiv 2401.17644): seconds since the first day's midnight; a request that
 *   failed has no response tokens.
 * - Mooncake (Qin et al., arXiv 2407.00079): whole milliseconds, and hashes of blocks of 512 tokens.
 * - Alibaba's Qwen-Bailian: Mooncake's names, but seconds, and identifiers of chats.
 */
import type { TimeUnit } from "./stamps.ts"

interface Layout {
  readonly name: string
  readonly time: string
  readonly input: string
  readonly output: string
  /** Another field, without which a trace is not of this layout. */
  readonly mark?: string
  /** What its stamps count, where they are numbers; `null`: that is not known. */
  readonly unit: TimeUnit | null
}

export type { Layout }

const lengths = { time: "timestamp", input: "input_length", output: "output_length" }

export const mooncake: Layout = {
  name: "Mooncake",
  ...lengths,
  mark: "hash_ids",
  unit: "milliseconds",
}

const layouts: ReadonlyArray<Layout> = [
  {
    name: "Azure",
    time: "TIMESTAMP",
    input: "ContextTokens",
    output: "GeneratedTokens",
    unit: null,
  },
  {
    name: "BurstGPT",
    time: "Timestamp",
    input: "Request tokens",
    output: "Response tokens",
    unit: "seconds",
  },
  { name: "Qwen-Bailian", ...lengths, mark: "chat_id", unit: "seconds" },
  mooncake,
  { name: "plain", ...lengths, unit: null },
]

/** What the first line of a trace may be. */
export const knownLayouts = `a CSV header with ${layouts
  .filter(({ mark }) => mark === undefined)
  .map(({ time, input, output }) => `"${time},${input},${output}"`)
  .join(" or ")} among its columns, or a JSON object with ${Object.values(lengths).join(", ")}`

/** Where a layout's fields are among those of a trace. */
export interface Places {
  readonly layout: Layout
  readonly time: number
  readonly input: number
  readonly output: number
}

/** The layout of a trace with fields of these names, in whatever case; `null` where none is known. */
export const placesIn = (names: ReadonlyArray<string>): Places | null => {
  const plain = names.map(plainName)
  const placeOf = (name: string) => plain.indexOf(plainName(name))
  for (const layout of layouts) {
    const { time, input, output, mark = time } = layout
    if ([time, input, output, mark].every((name) => placeOf(name) >= 0))
      return { layout, time: placeOf(time), input: placeOf(input), output: placeOf(output) }
  }
  return null
}

/** `Request tokens`, `request_tokens` and `RequestTokens` are one name. */
const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

/**
 * Whether a request has Mooncake's hashes, one for each 512 tokens of its prompt: the same names are in
 * use for seconds, and for blocks of other sizes.
 */
export const hasMooncakeHashes = (hashes: unknown, inputTokens: number): boolean =>
  Array.isArray(hashes) && hashes.length === Math.ceil(inputTokens / 512)
