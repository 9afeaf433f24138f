/**
 * Latin hypercube sampling: McKay, Beckman and Conover, "A comparison of three methods for selecting
 * values of input variables in the analysis of output from a computer code", Technometrics 21 (1979).
 * Each factor's range is cut into as many equal parts as there are points; each part is taken once, at
 * a uniform place within, and the parts of the factors are joined at random.
 */
import type { Stream } from "../../engine/index.ts"
import { drawBelow, openStream } from "../../engine/index.ts"

/** `count` points in [0, 1)^dimensions. A factor's draws do not depend on how many others there are. */
export const latinPoints = (
  count: number,
  dimensions: number,
  seed: string,
): ReadonlyArray<ReadonlyArray<number>> => {
  const columns = Array.from({ length: dimensions }, (_, dimension) => {
    const stream = openStream(seed, "design.latin", dimension)
    return shuffled(count, stream).map((part) => (part + stream.next()) / count)
  })
  return Array.from({ length: count }, (_, point) => columns.map((column) => column[point]))
}

/** 0 … count − 1 in random order (Durstenfeld, CACM 7, 1964, algorithm 235). */
const shuffled = (count: number, stream: Stream): ReadonlyArray<number> => {
  const order = Array.from({ length: count }, (_, at) => at)
  for (let last = count - 1; last > 0; last--) {
    const other = drawBelow(stream, last + 1)
    ;[order[last], order[other]] = [order[other], order[last]]
  }
  return order
}
