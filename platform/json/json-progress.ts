/**
 * Whether the JSON text that comes piece by piece is a whole value yet. Only objects and lists have an
 * end of their own; of anything else that can not be told. O(1) a character, whatever the pieces are.
 */
export interface JsonProgress {
  readonly add: (piece: string) => void
  /** Something other than white space has come. */
  readonly isBegun: () => boolean
  readonly isWhole: () => boolean
}

const isSpace = (char: string): boolean =>
  char === " " || char === "\n" || char === "\r" || char === "\t"

export const makeJsonProgress = (): JsonProgress => {
  let depth = 0
  let isBegun = false
  let isWhole = false
  /** What came first is neither an object nor a list. */
  let isOther = false
  let isText = false
  let isEscaped = false

  const take = (char: string): void => {
    if (isText) {
      if (isEscaped) isEscaped = false
      else if (char === "\\") isEscaped = true
      else if (char === '"') isText = false
      return
    }
    if (!isBegun) {
      if (isSpace(char)) return
      isBegun = true
      isOther = char !== "{" && char !== "["
    }
    if (char === '"') isText = true
    else if (char === "{" || char === "[") depth++
    else if ((char === "}" || char === "]") && --depth === 0) isWhole = true
  }
  return {
    add: (piece) => {
      if (isOther || isWhole) return
      for (let at = 0; at < piece.length && !isWhole && !isOther; at++) take(piece.charAt(at))
    },
    isBegun: () => isBegun,
    isWhole: () => isWhole,
  }
}
