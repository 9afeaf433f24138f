/**
 * Names beside lines, in place of a legend, where a chart has few of them. Each stands at a dot on its
 * line, where that is farthest from all others, and in a stretch of time of its own, so that no name
 * lies on another. The names follow the stretch that a reader selects.
 */
import type { Bands } from "./bands.ts"
import type { Layer } from "./chart.ts"
import { forChart } from "./number-format.ts"

/** More names than these, and a reader searches among them as in a legend. */
const mostNames = 3
/** Places of a line that its name can have: a name needs no finer ones. */
const mostPlaces = 100
/** What part of the axis a name takes. */
const nameHeight = 0.08

export const areNamed = ({ lines }: Bands): boolean => lines.length > 1 && lines.length <= mostNames

/** What a chart's legend says: nothing where its lines have their names beside them. */
export const legendOf = (bands: Bands): ReadonlyArray<string> =>
  areNamed(bands) ? [] : bands.lines.map(({ key }) => key)

/** The set of data that {@link nameRows} make. */
export const nameData = "names"

/**
 * Where each line's name can stand: above or below the line, and how well it is told from the others
 * there. `levels`: values that names keep away from as well.
 */
export const nameRows = ({ lines }: Bands, levels: ReadonlyArray<number>) => {
  const means = lines.flatMap(({ points }) => points.map(({ mean }) => mean))
  const floor = Math.min(0, ...means)
  const range = Math.max(...means) - floor
  const ceiling = floor + (1 + nameHeight) * range
  const meanOn = lines.map(({ points }) => new Map(points.map(({ day, mean }) => [day, mean])))
  return lines.flatMap(({ key, points }, turn) => {
    const stride = Math.ceil(points.length / mostPlaces)
    return points
      .filter((_, at) => at % stride === 0)
      .map(({ day, mean }) => {
        const others = meanOn.flatMap((own, other) => {
          const value = own.get(day)
          return other === turn || value === undefined ? [] : [value]
        })
        const up = Math.min(ceiling, ...[...others, ...levels].filter((one) => one > mean)) - mean
        const down = mean - Math.max(floor, ...[...others, ...levels].filter((one) => one <= mean))
        const apart = Math.min(range, ...others.map((value) => Math.abs(value - mean)))
        const needed = nameHeight * range || 1
        return {
          key,
          turn,
          day: forChart(day),
          mean: forChart(mean),
          isAbove: up >= Math.min(needed, down),
          fit: forChart((apart / (range || 1)) * Math.min(1, Math.max(up, down) / needed)),
        }
      })
  })
}

/** What part of the width names keep away from each end of the axis: they are centred. */
const margin = 0.08

interface NameEncoding {
  readonly x: object
  readonly y: object
  readonly color: object
}

/** A dot on each line, and the name at it, on a ground; it answers clicks as a legend does. */
export const nameLayers = (
  { lines }: Bands,
  { x, y, color }: NameEncoding,
): ReadonlyArray<Layer> => {
  const transform = [
    {
      calculate: `((datum.day - windowFrom) / (windowTo - windowFrom) - ${margin}) / ${1 - 2 * margin}`,
      as: "place",
    },
    { filter: "datum.place >= 0 && datum.place <= 1" },
    // A line that is not there in its own stretch of time is named in another's.
    {
      calculate: `(datum.fit + 1e-3) * (abs(datum.place * ${lines.length} - datum.turn - 0.5) < 0.3 ? 1 : 1e-4)`,
      as: "fit",
    },
    {
      window: [{ op: "row_number" as const, as: "rank" }],
      sort: [{ field: "fit", order: "descending" as const }],
      groupby: ["key"],
    },
    { filter: "datum.rank === 1" },
  ]
  const common = { data: { name: nameData }, transform }
  const place = { x: { ...x, field: "day" }, y: { ...y, field: "mean" } }
  const text = (style: "nameHalo" | "name"): Layer => ({
    ...common,
    mark: { type: "text", style, dy: { expr: "datum.isAbove ? -12 : 12" } },
    encoding: { ...place, text: { field: "key", type: "nominal" } },
  })
  return [
    text("nameHalo"),
    {
      ...common,
      mark: { type: "point", style: "nameDot" },
      encoding: { ...place, ...color },
    },
    {
      ...text("name"),
      params: [{ name: "picked", select: { type: "point", fields: ["key"] } }],
    },
  ] as ReadonlyArray<Layer>
}
