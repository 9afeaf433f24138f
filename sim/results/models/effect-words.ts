/** Main effects in words, as the terminal and the report say them. */
import { isUnitless } from "./metric-facts.ts"
import type { Contrast, MainEffects } from "./main-effects.ts"
import type { FactorValue } from "./sweep-model.ts"

/** Between a number and its unit no line ends. */
const noBreak = "\u00a0"

/** "+34.1 ± 0.8 credits/d", "−2.0 ± 0.3 percentage points"; "?" where nothing could be compared. */
export const changeText = (contrast: Contrast, unit: string): string =>
  `${signed(contrast.difference, amountText(contrast, unit))}${unitText(unit)}`

/** "rises by 34.1 ± 0.8 credits/d as economy.feeBps goes from 500 to 2,000". */
export const changeSentence = (factor: string, contrast: Contrast, unit: string): string => {
  const verb = contrast.difference < 0 ? "falls" : "rises"
  const { from, to } = contrast
  return `${verb} by ${amountText(contrast, unit)}${unitText(unit)} ${placeText(factor, from, to)}`
}

/** "economy.feeBps moves 15 of 61 metrics; 44 are identical at every value, 2 differ by no more than chance may". */
export const countSentence = ({ factor, metrics }: MainEffects): string => {
  const of = (effect: (typeof metrics)[number]["effect"]) =>
    metrics.filter((one) => one.effect === effect).length
  const rest = [
    ...(of("identical") > 0 ? [`${of("identical")} are identical at every value`] : []),
    ...(of("negligible") > 0 ? [`${of("negligible")} differ by less than matters`] : []),
    ...(of("not shown") > 0 ? [`${of("not shown")} differ by no more than chance may`] : []),
  ]
  return `${factor} moves ${of("moves")} of ${metrics.length} metrics${rest.length > 0 ? `; ${rest.join(", ")}` : ""}`
}

/** "as fleet.nodes goes from 20 to 40", "from economy pooled to hardened". */
export const placeText = (factor: string, from: FactorValue, to: FactorValue): string =>
  typeof from === "number" && typeof to === "number"
    ? `as ${factor} goes from ${levelText(from)} to ${levelText(to)}`
    : `from ${factor} ${levelText(from)} to ${levelText(to)}`

export const levelText = (level: FactorValue): string =>
  typeof level === "number" ? withThousands(String(level)) : level

/** What replications can show, where they are few; "" where they are enough. */
export const fewReplications = (replications: number): string => {
  if (replications >= enoughReplications) return ""
  const more = `--replications ${enoughReplications} or more, in another folder, tell more`
  return replications === 1
    ? `One replication: no effect can be told from chance; ${more}.`
    : `${replications} replications: only effects much larger than chance are told from it; ${more}.`
}

/** From here on as many equal signs are no chance: 2¹⁻⁶ is below 5%. */
const enoughReplications = 6

/** The size of the change and its half-width, to two digits of the latter, and no more than five of the former. */
const amountText = ({ difference, halfWidth }: Contrast, unit: string): string => {
  const factor = unit === "share" ? 100 : 1
  const size = factor * Math.abs(difference)
  if (!Number.isFinite(size)) return "?"
  const half = factor * (halfWidth ?? 0)
  const most = decimalsFor(size, 5)
  if (half < 10 ** -most / 2) return withThousands(String(Number(size.toPrecision(4))))
  const decimals = Math.min(most, decimalsFor(half, 2))
  const [amount, spread] = [size, half].map((one) => withThousands(one.toFixed(decimals)))
  return `${amount} ± ${spread}`
}

/** Decimals that show so many significant digits. */
const decimalsFor = (value: number, significant: number): number =>
  value === 0
    ? 12
    : Math.min(12, Math.max(0, significant - 1 - Math.floor(Math.log10(Math.abs(value)))))

const signed = (difference: number, amount: string): string =>
  difference === 0
    ? "0"
    : Number.isNaN(difference)
      ? amount
      : `${difference < 0 ? "−" : "+"}${amount}`

const unitText = (unit: string): string =>
  unit === "share" ? `${noBreak}percentage points` : isUnitless(unit) ? "" : `${noBreak}${unit}`

const withThousands = (digits: string): string => {
  const [whole, fraction] = digits.split(".")
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}
