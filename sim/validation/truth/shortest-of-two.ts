/**
 * Join the shortest of two queues: exponential services of mean 1, arrivals at rate 2ρ.
 *
 * Solved numerically as a quasi-birth-death process (Neuts, "Matrix-Geometric Solutions in
 * Stochastic Models", 1981): the level is the length of the shorter queue, the phase by how much
 * the other is longer. A phase's probability falls faster than geometrically at ratio ½, so that
 * cutting it at 24 leaves out less than the rounding. Exact solutions as series exist (Adan,
 * Wessels and Zijm, Stochastic Models 6, 1990) and agree.
 */
import { inverse, multiply, type Matrix } from "../../statistics/inference/matrix.ts"

const PHASES = 24

/** Mean time in the system at utilisation ρ < 1. */
export const shortestOfTwoSojourn = (utilisation: number): number => {
  const arrival = 2 * utilisation
  const rate = arrival + 2
  const { up, level, down, bottom } = transitions(arrival / rate, 1 / rate)
  // π(s + 1) = π(s)·R with R = up·(I − level − R·down)⁻¹, iterated from R = 0.
  let ratio: Matrix = zeros()
  for (let change = 1; change > 1e-15;) {
    const next = multiply(up, inverse(difference(identity(), level, multiply(ratio, down))))
    change = 0
    next.forEach((row, i) =>
      row.forEach((value, j) => (change = Math.max(change, Math.abs(value - ratio[i][j])))),
    )
    ratio = next
  }
  // π(0)·(bottom + R·down) = π(0): the stationary distribution of the chain seen at level 0.
  let distribution = stationary(bottom, multiply(ratio, down))
  let total = 0
  let customers = 0
  for (let shorter = 0; shorter < 5000; shorter++) {
    distribution.forEach((probability, longerBy) => {
      total += probability
      customers += probability * (2 * shorter + longerBy)
    })
    distribution = multiply([distribution], ratio)[0]
  }
  // Little's law turns customers in the system into time in the system.
  return customers / total / arrival
}

/** Transition probabilities of the uniformised chain, in which something happens at every step. */
const transitions = (arrival: number, service: number) => {
  const [up, level, down, bottom] = [zeros(), zeros(), zeros(), zeros()]
  for (let phase = 0; phase < PHASES; phase++) {
    const longer = Math.min(PHASES - 1, phase + 1)
    if (phase === 0) {
      // Equal queues: an arrival makes one longer, and either service makes the other shorter.
      level[0][1] = arrival
      bottom[0][1] = arrival
      down[0][1] = 2 * service
      bottom[0][0] = 2 * service
    } else {
      up[phase][phase - 1] = arrival
      level[phase][phase - 1] = service
      bottom[phase][phase - 1] = service
      down[phase][longer] = service
      // The shorter queue is empty at the bottom: its service is a step in which nothing changes.
      bottom[phase][phase] = service
    }
  }
  return { up, level, down, bottom }
}

/** The row x with x·(a + b) = x, Σx = 1, for a substochastic a and what b returns. */
const stationary = (a: Matrix, b: Matrix): ReadonlyArray<number> => {
  // x·(I − a − b) = 0 with one equation replaced by the sum.
  const equations = difference(identity(), a, b).map((row) =>
    row.map((value, j) => (j === 0 ? 1 : value)),
  )
  return inverse(equations)[0]
}

const zeros = (): Array<Array<number>> =>
  Array.from({ length: PHASES }, () => new Array<number>(PHASES).fill(0))

const identity = (): Matrix => zeros().map((row, i) => row.map((_, j) => (i === j ? 1 : 0)))

const difference = (a: Matrix, b: Matrix, c: Matrix): Matrix =>
  a.map((row, i) => row.map((value, j) => value - b[i][j] - c[i][j]))
