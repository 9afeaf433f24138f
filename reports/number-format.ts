/**
 * Numbers as people read them, the same on every machine: no locale of the system is asked.
 */

/** Between a number and its unit no line ends. */
const noBreak = "\u00a0"

/** Three significant digits, thousands apart: 0.00214, 3.07, 12,300. */
export const formatNumber = (value: number): string => {
  if (Number.isNaN(value)) return "–"
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞"
  const rounded = Number(value.toPrecision(3))
  return withThousands(
    signed(Math.abs(rounded) >= 1e15 ? rounded.toExponential(2) : plain(rounded)),
  )
}

/** A share as a percentage: 94.2%, 0.31%, 99.96%, 100%. */
export const formatShare = (value: number): string => {
  if (!Number.isFinite(value)) return formatNumber(value)
  const percent = value * 100
  const size = Math.abs(percent)
  // Nearly all is not all.
  const isWhole = percent === 0 || size >= 99.995
  const decimals = isWhole ? 0 : size >= 99.95 || size < 1 ? 2 : 1
  return `${signed(percent.toFixed(decimals))}%`
}

/** A value with its unit: shares as percentages, everything else as "3.07 requests/s". */
export const formatWithUnit = (value: number, unit: string): string =>
  unit === "share"
    ? formatShare(value)
    : unit === ""
      ? formatNumber(value)
      : `${formatNumber(value)}${noBreak}${unit}`

/** A value and its band, the unit once: "3.07 (2.9 to 3.2) requests/s", "54.1% (50.0% to 58.2%)". */
export const spreadInWords = (
  {
    mean,
    low,
    high,
  }: { readonly mean: number; readonly low: number | null; readonly high: number | null },
  unit: string,
): string => {
  if (low === null || high === null) return formatWithUnit(mean, unit)
  const format = unit === "share" ? formatShare : formatNumber
  const words = `${format(mean)} (${format(low)} to ${format(high)})`
  return unit === "share" || unit === "" ? words : `${words}${noBreak}${unit}`
}

/** Figures of an estimate, as text with the same decimals. */
export interface FormattedEstimate {
  readonly mean: string
  readonly halfWidth: string | null
  readonly low: string
  readonly high: string
}

/**
 * A mean with as many decimals as its interval supports: two significant digits of the half-width, or
 * four of the mean where there is none; its ends with the same decimals, those of Student's interval
 * where no others are given.
 */
export const formatEstimate = (
  mean: number,
  halfWidth: number | null,
  low = mean - (halfWidth ?? 0),
  high = mean + (halfWidth ?? 0),
): FormattedEstimate => {
  if (!Number.isFinite(mean)) {
    const text = formatNumber(mean)
    return { mean: text, halfWidth: null, low: text, high: text }
  }
  if (halfWidth === null || !Number.isFinite(halfWidth)) {
    const text = withThousands(signed(plain(Number(mean.toPrecision(4)))))
    return { mean: text, halfWidth: null, low: text, high: text }
  }
  const decimals = decimalsFor(halfWidth === 0 ? mean : halfWidth, halfWidth === 0 ? 4 : 2)
  return {
    mean: fixed(mean, decimals),
    halfWidth: fixed(halfWidth, decimals),
    low: fixed(low, decimals),
    high: fixed(high, decimals),
  }
}

const secondsPerHour = 3_600
export const secondsPerDay = 24 * secondsPerHour

/** A length of time in the largest unit that divides it well: 4 h, 30 min, 2 d. */
export const formatDuration = (seconds: number): string => {
  if (seconds >= secondsPerDay && seconds % secondsPerDay === 0)
    return `${seconds / secondsPerDay}${noBreak}d`
  if (seconds >= secondsPerHour && seconds % secondsPerHour === 0)
    return `${seconds / secondsPerHour}${noBreak}h`
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60}${noBreak}min`
  return `${formatNumber(seconds)}${noBreak}s`
}

/** "1 node", "3 nodes". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${withThousands(String(count))} ${count === 1 ? one : many}`

/** Four significant digits: enough for a pixel, and a third of the bytes of a double. */
export const forChart = (value: number): number => Number(value.toPrecision(4))

const withThousands = (digits: string): string => {
  const [whole = "", fraction] = digits.split(".")
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

const fixed = (value: number, decimals: number): string =>
  withThousands(signed(value.toFixed(decimals)))

const decimalsFor = (value: number, significant: number): number => {
  if (value === 0) return 0
  const magnitude = Math.floor(Math.log10(Math.abs(value)))
  return Math.min(12, Math.max(0, significant - 1 - magnitude))
}

/** Without an exponent, as far as a double's shortest form allows it. */
const plain = (value: number): string =>
  Math.abs(value) < 1e-6 && value !== 0 ? value.toExponential() : String(value)

const signed = (digits: string): string => (digits.startsWith("-") ? `−${digits.slice(1)}` : digits)
