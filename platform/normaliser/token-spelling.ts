/**
 * How servers write a token that is named by itself. Most write its text, and what is no whole character
 * as one that stands for any; others write what their tokenizer's table has: `▁the` or `Ġthe` for a blank
 * and a word, `<0xE4>` or `\xe4` for a byte, `token_id:791` for a token of whatever text.
 *
 * Texts are strings whose characters are bytes, in UTF-8: a token may be a part of a character.
 */
export const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

const stringOf = (bytes: ReadonlyArray<number>): string => Buffer.from(bytes).toString("latin1")

/** Names a token without a word of its text. */
export const isTextless = (token: string): boolean =>
  /^(?:token_id:\d{1,10}|\ufffd{1,4})$/.test(token)

/** The characters that byte-level tokenizers write bytes as: printable ones as they are. */
const byteOfCharacter = new Map<string, number>()
const isPrintable = (byte: number): boolean =>
  (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
for (let byte = 0, others = 0; byte < 256; byte++)
  byteOfCharacter.set(String.fromCharCode(isPrintable(byte) ? byte : 256 + others++), byte)

const byteLevel = (token: string): string | undefined => {
  const bytes = Array.from(token, (character) => byteOfCharacter.get(character) ?? -1)
  return bytes.includes(-1) ? undefined : stringOf(bytes)
}

const escaped = /(?:<0x([0-9a-f]{2})>|\\x([0-9a-f]{2}))/gi

/** The texts that a token may stand for, likeliest first. */
export const spellingsOf = (
  token: string,
  bytes: ReadonlyArray<number> | null,
): ReadonlyArray<string> => {
  const plain = bytesOf(token)
  const spellings = [plain]
  if (bytes !== null) spellings.push(stringOf(bytes))
  if (token.includes("▁")) spellings.push(bytesOf(token.replaceAll("▁", " ")))
  const unescaped = plain.replace(escaped, (_, one: string | undefined, other: string) =>
    String.fromCharCode(Number.parseInt(one ?? other, 16)),
  )
  if (unescaped !== plain) spellings.push(unescaped)
  const levelled = plain.length === token.length ? undefined : byteLevel(token)
  if (levelled !== undefined) spellings.push(levelled)
  return spellings
}

/** Whether these bytes say no more than the token does. */
export const spellsToken = (bytes: ReadonlyArray<number>, token: string): boolean =>
  Buffer.from(bytes).toString("utf8") === token ||
  spellingsOf(token, null).includes(stringOf(bytes))
