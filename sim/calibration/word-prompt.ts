/**
 * Prompts of a given length that no server has seen before: a cache of prefixes would answer a
 * repeated one without reading it. Each begins with words of its own.
 */
import type { Stream } from "../../engine/index.ts"
import { drawBelow } from "../../engine/index.ts"

/** Common words, each one token with the space before it in the usual vocabularies. */
const WORDS =
  "river stone market light engine garden winter signal paper bridge music ocean field copper window letter valley answer harbour morning ledger token current balance summer circle number thread mountain forest silver table journey season simple steady quiet open early second local common general little single human natural public".split(
    " ",
  )

const TASK = "Now write a story of at least two thousand words in which all of these words occur."

/** About `tokens` tokens, drawn from the stream; the server's own count is what is used. */
export const wordPrompt = (tokens: number, stream: Stream): string => {
  const words = Array.from(
    { length: Math.max(8, tokens - 20) },
    () => WORDS[drawBelow(stream, WORDS.length)],
  )
  return `${words.join(" ")}. ${TASK}`
}
