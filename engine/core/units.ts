/**
 * Units of time and money.
 *
 * Time is whole microseconds. Money is whole minor units: 1 credit = 10^scale minor units. Both are
 * JavaScript safe integers; a product that would leave the safe range is computed in BigInt.
 */
import { invariant } from "./invariant.ts"

export const microsPerSecond = 1_000_000
export const microsPerHour = 3_600_000_000
export const microsPerDay = 24 * microsPerHour

/** Prices are minor units per million tokens, so that a price may be finer than a minor unit. */
export const tokensPerMtok = 1_000_000

/** Is `value` a whole number in 0 … 2^53 − 1? What every quantity of an event has to be. */
export const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** ceil(a · b / divisor) for whole numbers, exact at any size of the product. */
export const mulDivCeil = (a: number, b: number, divisor: number): number => {
  const product = a * b
  invariant(product >= 0, "a quantity that is rounded up is at least 0")
  if (product <= Number.MAX_SAFE_INTEGER) return Math.ceil(product / divisor)
  const exact = BigInt(a) * BigInt(b)
  const d = BigInt(divisor)
  return Number((exact + d - 1n) / d)
}

/** floor(a · b / divisor) for whole numbers, exact at any size of the product. */
export const mulDivFloor = (a: number, b: number, divisor: number): number => {
  const product = a * b
  invariant(product >= 0, "a quantity that is rounded down is at least 0")
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / divisor)
  return Number((BigInt(a) * BigInt(b)) / BigInt(divisor))
}

/**
 * Minor units as a decimal string of credits, with at least two decimals: 105600000 at scale 6 is
 * "105.60"; 1 is "0.000001".
 */
export const formatCredits = (minor: number, scale: number): string => {
  const sign = minor < 0 ? "-" : ""
  const digits = String(Math.abs(minor)).padStart(scale + 1, "0")
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "")
  return `${sign}${whole}.${fraction.padEnd(2, "0")}`
}

/**
 * A decimal string as a whole number of 10^−scale units, exactly: "0.00012" at scale 12 is
 * 120000000. `undefined` where the text is no plain non-negative decimal, has more decimals than
 * the scale can hold, or leaves the safe range.
 */
export const parseDecimal = (text: string, scale: number): number | undefined => {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.trim())
  if (match === null) return undefined
  const fraction = (match[2] ?? "").replace(/0+$/, "")
  if (fraction.length > scale) return undefined
  const value = Number(`${match[1]}${fraction.padEnd(scale, "0")}`)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Whole microseconds of some seconds. */
export const microsOf = (seconds: number): number => Math.round(seconds * microsPerSecond)

/** Whole minor units of some credits. */
export const minorOf = (credits: number, scale: number): number => Math.round(credits * 10 ** scale)
