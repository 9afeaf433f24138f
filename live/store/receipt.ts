/**
 * What a call was charged for, written with the charge: the journal knows it by numbers, in several
 * entries, and does not know which key asked.
 */

export interface Receipt {
  /** The kernel's number of the call, by which its postings refer to it. */
  readonly request: number
  /** When it was charged, µs of the market. */
  readonly at: number
  readonly account: number
  /** Which key asked; null: not known any more, as of a call that the gateway's own end cut off. */
  readonly key: number | null
  /** The answer's `x-request-id`; null likewise. */
  readonly requestId: string | null
  readonly model: number
  readonly instance: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Minor units per million tokens. */
  readonly inputPricePerMtok: number
  readonly outputPricePerMtok: number
  /** Minor units. */
  readonly charge: number
  readonly outcome: string
}

/** Receipts come in the order of these, the latest first. */
export interface ReceiptPlace {
  readonly at: number
  readonly request: number
}

export interface ReceiptQuery {
  readonly account: number
  readonly fromMicros: number
  readonly key?: number
  readonly model?: number
  readonly requestId?: string
  readonly before?: ReceiptPlace
  readonly count: number
}

/** What usage can be told apart by. */
export const usageParts = ["span", "model", "key"] as const
export type UsagePart = (typeof usageParts)[number]

/**
 * What an account was charged in a span, for a model, by a key (−1: not known). Where usage is not
 * told apart by one of these, it is −1.
 */
export interface UsageRow {
  readonly span: number
  readonly model: number
  readonly key: number
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly charge: number
}
export type UsagePlace = Pick<UsageRow, "span" | "model" | "key">
