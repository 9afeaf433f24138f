/**
 * Counting tokens: the gateway's own count, o200k_base, is what holds and charges are made of.
 *
 * The count is a function of the text alone, however a host cuts it into chunks: text is counted
 * piece by piece, and where a piece ends follows from the text before it. A piece ends before a
 * blank, where the tokenizer cuts anyway, so the sum over the pieces is the count of the whole; only
 * a run of more than `pieceChars` without a blank is cut by force. That also bounds the cost: byte
 * pair encoding is quadratic in the length of a word.
 */
import { countTokens as countWhole, setMergeCacheSize } from "gpt-tokenizer/encoding/o200k_base"

const pieceChars = 512

/** What looks like a special token in a prompt or an answer is text like any other. */
const asText = { disallowedSpecial: new Set<string>() }

/** Words that the tokenizer remembers, each with the piece that it was found in. */
const rememberedWords = 10_000
setMergeCacheSize(rememberedWords)

/**
 * Tokens of a piece. The tokenizer keeps words of what it is given, and V8 keeps the whole of a text
 * while any slice of it is kept: so it is given a copy, lest one odd word keep a prompt of megabytes.
 */
const countPiece = (piece: string): number =>
  countWhole(Buffer.from(piece, "utf16le").toString("utf16le"), asText)

const blank = 32
const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** Where the piece ends that starts at `start`; the text goes on for at least `pieceChars`. */
const endOfPiece = (text: string, start: number): number => {
  const full = start + pieceChars
  // Of the piece alone: a search in the whole text would go back to its beginning each time.
  const piece = text.slice(start, full)
  for (let end = piece.lastIndexOf(" "); end > 0; end = piece.lastIndexOf(" ", end - 1))
    if (piece.charCodeAt(end - 1) > blank) return start + end
  return isHighSurrogate(text.charCodeAt(full - 1)) ? full - 1 : full
}

/** Tokens of a text. At most about 1 µs a character, for text that no cache knows. */
export const countTokens = (text: string): number => {
  let counted = 0
  let start = 0
  while (text.length - start >= pieceChars) {
    const end = endOfPiece(text, start)
    counted += countPiece(text.slice(start, end))
    start = end
  }
  if (start === text.length) return counted
  return counted + countPiece(text.slice(start))
}

/** A text that comes bit by bit. */
export interface TokenCounter {
  counted: number
  /** Not counted yet, shorter than a piece. */
  pending: string
}

export const makeCounter = (): TokenCounter => ({ counted: 0, pending: "" })

export const addText = (counter: TokenCounter, text: string): void => {
  counter.pending += text
  if (counter.pending.length < pieceChars) return
  const { pending } = counter
  let start = 0
  while (pending.length - start >= pieceChars) {
    const end = endOfPiece(pending, start)
    counter.counted += countPiece(pending.slice(start, end))
    start = end
  }
  counter.pending = pending.slice(start)
}

/** Tokens of all the text so far: `countTokens` of it in one piece. */
export const countedTokens = (counter: TokenCounter): number =>
  counter.counted + (counter.pending === "" ? 0 : countPiece(counter.pending))

const charsPerToken = 4

/** About as many, at no cost. */
export const roughTokens = (counter: TokenCounter): number =>
  counter.counted + Math.ceil(counter.pending.length / charsPerToken)

const syncChars = 8192
const sliceMillis = 4

/**
 * Tokens of several texts, at most `most + 1`: beyond that it does not matter how many. Long texts
 * are counted in slices of a few milliseconds, between which others have their turn; short ones, as
 * nearly all are, at once.
 */
export const countAll = (texts: ReadonlyArray<string>, most: number): number | Promise<number> => {
  let chars = 0
  for (const text of texts) chars += text.length
  if (chars > syncChars) return countInSlices(texts, most)
  let counted = 0
  for (const text of texts) counted += countTokens(text)
  return Math.min(counted, most + 1)
}

/** All long texts that are being counted share the slices: many are no longer a wait than one. */
let sliceEnds = 0
let turn: Promise<void> | undefined
const nextSlice = (): Promise<void> =>
  (turn ??= new Promise((resume) =>
    setImmediate(() => {
      turn = undefined
      sliceEnds = performance.now() + sliceMillis
      resume()
    }),
  ))

const countInSlices = async (texts: ReadonlyArray<string>, most: number): Promise<number> => {
  let counted = 0
  for (const text of texts) {
    let start = 0
    while (start < text.length) {
      while (performance.now() >= sliceEnds) await nextSlice()
      const end = text.length - start >= pieceChars ? endOfPiece(text, start) : text.length
      counted += countPiece(text.slice(start, end))
      start = end
      if (counted > most) return most + 1
    }
  }
  return counted
}
