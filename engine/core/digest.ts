/**
 * A rolling 64-bit digest of whole numbers. Two runs with equal digests made the same decisions;
 * it guards against mistakes, not against an adversary.
 */
export interface Digest {
  high: number
  low: number
}

export const emptyDigest = (): Digest => ({ high: 0x9e3779b9 | 0, low: 0x243f6a88 | 0 })

/** Rolls in one whole number, all 53 bits of it. Two 32-bit lanes of multiply–xor–shift. */
export const mix = (digest: Digest, value: number): void => {
  const low = value | 0
  const high = (value * 2 ** -32) | 0
  let a = Math.imul(digest.low ^ low, 0x85ebca6b)
  a ^= a >>> 15
  let b = Math.imul(digest.high ^ high ^ a, 0xc2b2ae35)
  b ^= b >>> 13
  digest.low = (a + Math.imul(b, 0x27d4eb2f)) | 0
  digest.high = b
}

/** Rolls in three whole numbers, as `mix` does one by one, with the digest read and written once. */
export const mixThree = (digest: Digest, first: number, second: number, third: number): void => {
  let { low, high } = digest
  let a = Math.imul(low ^ (first | 0), 0x85ebca6b)
  a ^= a >>> 15
  let b = Math.imul(high ^ ((first * 2 ** -32) | 0) ^ a, 0xc2b2ae35)
  b ^= b >>> 13
  low = (a + Math.imul(b, 0x27d4eb2f)) | 0
  a = Math.imul(low ^ (second | 0), 0x85ebca6b)
  a ^= a >>> 15
  high = Math.imul(b ^ ((second * 2 ** -32) | 0) ^ a, 0xc2b2ae35)
  high ^= high >>> 13
  low = (a + Math.imul(high, 0x27d4eb2f)) | 0
  a = Math.imul(low ^ (third | 0), 0x85ebca6b)
  a ^= a >>> 15
  b = Math.imul(high ^ ((third * 2 ** -32) | 0) ^ a, 0xc2b2ae35)
  b ^= b >>> 13
  digest.low = (a + Math.imul(b, 0x27d4eb2f)) | 0
  digest.high = b
}

/** Rolls in a text, by its UTF-16 code units and its length. */
export const mixText = (digest: Digest, text: string): void => {
  for (let i = 0; i < text.length; i++) mix(digest, text.charCodeAt(i))
  mix(digest, text.length)
}

/** Rolls in bytes, four at a time, and their number. */
export const mixBytes = (digest: Digest, bytes: Uint8Array): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  for (let i = 0; i < whole; i += 4) mix(digest, view.getInt32(i, true))
  for (let i = whole; i < bytes.length; i++) mix(digest, bytes[i])
  mix(digest, bytes.length)
}

/** 16 hexadecimal digits. */
export const hexOf = ({ high, low }: Digest): string =>
  (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0")
