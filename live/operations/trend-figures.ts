/**
 * How the market was in a span of time, as sums that can be added to those of the next span: what was
 * counted, and what was seen times the seconds for which it was seen so.
 */
import { Schema } from "effect"

const counted = {
  finished: Schema.Number,
  failed: Schema.Number,
  refused: Schema.Record({ key: Schema.String, value: Schema.Number }),
  servedTokens: Schema.Number,
  askedTokens: Schema.Number,
}

export const Figures = Schema.Struct({
  seconds: Schema.Number,
  ...counted,
  /** Tokens/s times seconds. */
  supply: Schema.Number,
  heldBack: Schema.Number,
  /** Hosts times seconds. */
  hosts: Schema.Number,
  /** Multiplier times seconds; of the whole market 0. */
  bounty: Schema.Number,
  /** At the end of the span, minor units; of the whole market 0. */
  inputPricePerMtok: Schema.Number,
  outputPricePerMtok: Schema.Number,
})
export type Figures = typeof Figures.Type

export type Counts = Pick<Figures, keyof typeof counted>

export const noCounts: Counts = {
  finished: 0,
  failed: 0,
  refused: {},
  servedTokens: 0,
  askedTokens: 0,
}

export const addCounts = (one: Counts, other: Counts): Counts => {
  const refused: Record<string, number> = { ...one.refused }
  for (const [reason, calls] of Object.entries(other.refused))
    refused[reason] = (refused[reason] ?? 0) + calls
  return {
    finished: one.finished + other.finished,
    failed: one.failed + other.failed,
    refused,
    servedTokens: one.servedTokens + other.servedTokens,
    askedTokens: one.askedTokens + other.askedTokens,
  }
}

/** Of a span and the one after it. */
export const addFigures = (before: Figures, after: Figures): Figures => ({
  ...addCounts(before, after),
  seconds: before.seconds + after.seconds,
  supply: before.supply + after.supply,
  heldBack: before.heldBack + after.heldBack,
  hosts: before.hosts + after.hosts,
  bounty: before.bounty + after.bounty,
  inputPricePerMtok: after.inputPricePerMtok,
  outputPricePerMtok: after.outputPricePerMtok,
})

const json = Schema.parseJson(Figures)
export const figuresText = Schema.encodeSync(json)
/** `undefined` for what another version wrote otherwise. */
export const readFigures = (text: string): Figures | undefined => {
  const read = Schema.decodeUnknownEither(json)(text)
  return read._tag === "Right" ? read.right : undefined
}
