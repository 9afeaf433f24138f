/** Tokens of a text as honest servers write them in log probabilities. */
export interface TokenEntry {
  readonly token: string
  readonly logprob: number
  readonly bytes: ReadonlyArray<number> | null
}

type Dialect = (bytes: Buffer) => TokenEntry

const entry = (token: string, bytes: Iterable<number> | null = null): TokenEntry => ({
  token,
  logprob: -1,
  bytes: bytes === null ? null : [...bytes],
})

const isWhole = (bytes: Buffer): boolean => !bytes.toString("utf8").includes("\ufffd")
const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

/** The table of byte-level tokenizers, as GPT-2 has it. */
export const levelled = (bytes: Buffer): string => {
  const isShown = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  const hidden = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !isShown(byte))
  return Array.from(bytes, (byte) =>
    String.fromCharCode(isShown(byte) ? byte : 256 + hidden.indexOf(byte)),
  ).join("")
}

export const tokenDialects: Readonly<Record<string, Dialect>> = {
  "text and bytes": (bytes) => entry(bytes.toString("utf8"), bytes),
  "text, or escapes of bytes": (bytes) =>
    isWhole(bytes)
      ? entry(bytes.toString("utf8"), bytes)
      : entry(Array.from(bytes, (byte) => `\\x${hex(byte)}`).join(""), bytes),
  "pieces with their bytes in brackets": (bytes) =>
    isWhole(bytes)
      ? entry(bytes.toString("utf8").replaceAll(" ", "▁"))
      : entry(Array.from(bytes, (byte) => `<0x${hex(byte).toUpperCase()}>`).join("")),
  "characters for bytes": (bytes) => entry(levelled(bytes)),
  "ids, whose bytes are those of the id": (bytes) => {
    const token = `token_id:${bytes[0]! * 791}`
    return entry(token, Buffer.from(token))
  },
}

/**
 * The text cut into tokens of so many bytes, each with what the server shows of the text with it: parts
 * of a character only once it is whole.
 */
export const tokensOfText = (
  text: string,
  sizes: ReadonlyArray<number>,
  dialect: Dialect,
): ReadonlyArray<{ readonly entry: TokenEntry; readonly shown: string }> => {
  const bytes = Buffer.from(text)
  const tokens: Array<{ entry: TokenEntry; shown: string }> = []
  let shownBytes = 0
  for (let at = 0, step = 0; at < bytes.length; step++) {
    const end = Math.min(bytes.length, at + sizes[step % sizes.length]!)
    const isCut = end < bytes.length && (bytes[end]! & 0xc0) === 0x80
    const shown = isCut ? "" : bytes.toString("utf8", shownBytes, end)
    if (!isCut) shownBytes = end
    tokens.push({ entry: dialect(bytes.subarray(at, end)), shown })
    at = end
  }
  return tokens
}
