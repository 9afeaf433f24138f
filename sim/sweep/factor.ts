/**
 * A factor: one setting of a scenario that an experiment varies, and the values that it takes.
 *
 *   economy.feeBps=500..2000:4    4 values, equally spaced, both ends among them
 *   faults.crashesPerNodeDay=log(0.01..1):3   the same, equally spaced by ratio
 *   demand.growthPerDay=0..0.1    any value of the range: for designs that sample
 *   economy=pooled,hardened       a list of values, each as YAML
 *
 * A design places a factor by a coordinate in [0, 1]; the factor turns it into a value.
 */
import { Either } from "effect"
import { UsageError } from "../../platform/terminal/usage-error.ts"

export type Factor =
  | { readonly kind: "list"; readonly path: string; readonly values: ReadonlyArray<string> }
  | {
      readonly kind: "range"
      readonly path: string
      readonly low: number
      readonly high: number
      readonly isLogarithmic: boolean
      /** So many values; null: any of the range. */
      readonly levels: number | null
      /** Whether the setting takes whole numbers only. */
      readonly isWhole: boolean
    }

const mostLevels = 10_000

/** The coordinates at which a grid takes the factor; undefined for a range without levels. */
export const gridCoordinates = (factor: Factor): ReadonlyArray<number> | undefined => {
  const count = factor.kind === "list" ? factor.values.length : factor.levels
  return count === null ? undefined : Array.from({ length: count }, (_, at) => (at + 0.5) / count)
}

/** The values that a grid takes, those that come more than once among them; none for a range without levels. */
export const gridValues = (factor: Factor): ReadonlyArray<string> =>
  (gridCoordinates(factor) ?? []).map((coordinate) => valueAt(factor, coordinate))

/** The value at a coordinate in [0, 1], as YAML text. Values of lists and levels share it evenly. */
export const valueAt = (factor: Factor, coordinate: number): string => {
  if (factor.kind === "list") return factor.values[levelAt(coordinate, factor.values.length)]
  const { levels } = factor
  const share =
    levels === null ? coordinate : levels === 1 ? 0.5 : levelAt(coordinate, levels) / (levels - 1)
  return String(valueIn(factor, share, levels === null))
}

const levelAt = (coordinate: number, levels: number): number =>
  Math.min(levels - 1, Math.floor(coordinate * levels))

/** `isSpread`: each whole number of the range has an equal part of the coordinates. */
const valueIn = (
  { low, high, isLogarithmic, isWhole }: Extract<Factor, { kind: "range" }>,
  share: number,
  isSpread: boolean,
): number => {
  const within = (value: number) => Math.min(high, Math.max(low, value))
  if (isWhole && isSpread && !isLogarithmic)
    return within(low + Math.floor(share * (high - low + 1)))
  const value = isLogarithmic
    ? Math.exp(Math.log(low) + share * (Math.log(high) - Math.log(low)))
    : low + share * (high - low)
  // What the arithmetic adds in the last digits would only make the value hard to read.
  return within(isWhole ? Math.round(value) : Number(value.toPrecision(12)))
}

/** The factor as it was written. */
export const factorText = (factor: Factor): string => {
  if (factor.kind === "list") return `${factor.path}=${factor.values.join(",")}`
  const { path, low, high, isLogarithmic, levels } = factor
  const range = `${low}..${high}`
  return `${path}=${isLogarithmic ? `log(${range})` : range}${levels === null ? "" : `:${levels}`}`
}

const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`
const onlyNumber = new RegExp(`^${number}$`)
const isNumber = (text: string): boolean => onlyNumber.test(text)
const plainRange = new RegExp(String.raw`^(${number})\.\.(${number})(?::(\d+))?$`)
const logRange = new RegExp(String.raw`^log\((${number})\.\.(${number})\)(?::(\d+))?$`)

/** The factor that `--vary` names. Whether its setting takes whole numbers only is not known here. */
export const parseFactor = (text: string): Either.Either<Factor, UsageError> => {
  const refused = (allowed: string) =>
    Either.left(new UsageError({ argument: `--vary ${text}`, allowed }))
  const at = text.indexOf("=")
  const path = text.slice(0, Math.max(0, at)).trim()
  const written = text.slice(at + 1).trim()
  if (path === "" || written === "")
    return refused(
      "expected PATH=VALUES, for example economy.feeBps=500..2000:4 or fleet.nodes=10,20,40",
    )
  const plain = plainRange.exec(written)
  const range = plain ?? logRange.exec(written)
  if (range === null) {
    if (/\.\.|^log\(/.test(written))
      return refused("expected a range as 500..2000, 500..2000:4, log(1..100) or log(1..100):3")
    const values = splitList(written).map((value) => value.trim())
    if (values.some((value) => value === "")) return refused("a value of the list is empty")
    // 10 and 10.0 are one number.
    const distinct = new Set(values.map((value) => (isNumber(value) ? Number(value) : value)))
    if (distinct.size < values.length) return refused("a value of the list stands in it twice")
    return Either.right({ kind: "list", path, values })
  }
  const [low, high] = [Number(range[1]), Number(range[2])]
  const levels = range[3] === undefined ? null : Number(range[3])
  const isLogarithmic = plain === null
  if (!(low < high)) return refused("the range must run from a lower to a higher number")
  if (!Number.isFinite(high - low)) return refused("the range is too wide")
  if (isLogarithmic && low <= 0) return refused("a logarithmic range must begin above 0")
  if (levels !== null && (levels < 2 || levels > mostLevels))
    return refused(`expected 2 to ${mostLevels} values after the colon`)
  return Either.right({ kind: "range", path, low, high, isLogarithmic, levels, isWhole: false })
}

/** The parts between commas, where commas inside brackets, braces and quotes part nothing. */
const splitList = (text: string): ReadonlyArray<string> => {
  const parts: Array<string> = [""]
  let depth = 0
  let quote = ""
  for (const character of text) {
    if (quote !== "") quote = character === quote ? "" : quote
    else if (character === '"' || character === "'") quote = character
    else if (character === "[" || character === "{") depth++
    else if (character === "]" || character === "}") depth--
    if (character === "," && depth === 0 && quote === "") parts.push("")
    else parts[parts.length - 1] += character
  }
  return parts
}
