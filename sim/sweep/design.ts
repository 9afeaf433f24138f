/**
 * Designs: at which points of the factors' space a scenario is run.
 *
 *   grid      every combination of the factors' values
 *   latin     a Latin hypercube: each factor covered evenly, whatever the number of points
 *   sobol     a Sobol sequence: evenly in all projections; best with a power of 2
 *   morris    trajectories for elementary effects
 *   saltelli  rows for Sobol' indices
 */
import { Either } from "effect"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { SweepDefinition } from "../results/models/sweep-model.ts"
import type { Factor } from "./factor.ts"
import { factorText, gridCoordinates } from "./factor.ts"
import { latinPoints } from "./latin-hypercube.ts"
import { morrisPoints } from "./morris.ts"
import type { SaltelliPoint } from "./sobol-indices.ts"
import { saltelliPoints } from "./sobol-indices.ts"
import { mostSobolDimensions, sobolPoints } from "./sobol-sequence.ts"

export type DesignName = SweepDefinition["design"]

/**
 * Where a point lies, and its block: replication r of a point draws what replication r of every other
 * point of its block draws (common random numbers).
 */
export type DesignPoint = SaltelliPoint

export const mostPoints = 1_000_000

/** The points of a design. `size`: points, trajectories or rows; a grid's follows from its factors. */
export const designPoints = (
  name: DesignName,
  factors: ReadonlyArray<Factor>,
  size: number,
  seed: string,
): Either.Either<ReadonlyArray<DesignPoint>, UsageError> =>
  Either.gen(function* () {
    const dimensions = factors.length
    const columns = name === "saltelli" ? 2 * dimensions : dimensions
    if ((name === "sobol" || name === "saltelli") && columns > mostSobolDimensions)
      return yield* refused(
        `--vary`,
        `${dimensions} factors are more than a Sobol sequence is known for here: ${Math.floor((mostSobolDimensions * dimensions) / columns)} at most`,
      )
    if (name === "grid") return yield* gridPoints(factors)
    const count = pointsOf(name, dimensions, size)
    if (count > mostPoints)
      return yield* refused(`${count} points`, `a design may have ${mostPoints} at most`)
    switch (name) {
      case "latin":
        return inOneBlock(latinPoints(size, dimensions, seed))
      case "sobol":
        return inOneBlock(sobolPoints(size, dimensions, seed))
      case "morris":
        return morrisPoints(size, dimensions, seed).map((coordinates, at) => ({
          coordinates,
          block: Math.floor(at / (dimensions + 1)),
        }))
      case "saltelli":
        return saltelliPoints(size, dimensions, seed)
    }
  })

/** How many points a design of that size has. */
const pointsOf = (name: DesignName, dimensions: number, size: number): number =>
  name === "morris" ? size * (dimensions + 1) : name === "saltelli" ? size * (dimensions + 3) : size

const inOneBlock = (points: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<DesignPoint> =>
  points.map((coordinates) => ({ coordinates, block: 0 }))

/** Every combination; the last factor changes fastest. */
const gridPoints = (
  factors: ReadonlyArray<Factor>,
): Either.Either<ReadonlyArray<DesignPoint>, UsageError> => {
  let points: ReadonlyArray<ReadonlyArray<number>> = [[]]
  for (const factor of factors) {
    const coordinates = gridCoordinates(factor)
    if (coordinates === undefined)
      return refused(
        `--vary ${factorText(factor)}`,
        `a grid needs to know how many values to take, for example ${factorText(factor)}:4; --design latin or sobol samples the range`,
      )
    if (points.length * coordinates.length > mostPoints)
      return refused("--design grid", `a design may have ${mostPoints} points at most`)
    points = points.flatMap((point) => coordinates.map((one) => [...point, one]))
  }
  return Either.right(inOneBlock(points))
}

const refused = (argument: string, allowed: string) =>
  Either.left(new UsageError({ argument, allowed }))
