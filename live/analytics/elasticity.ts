/**
 * By how much less of a machine is sold the dearer it is, as a region's machines show it: midpoint (arc)
 * elasticity between its cheaper and its dearer half,
 *
 *     ε = (ū₂ − ū₁) ÷ ((ū₁ + ū₂)/2)  ÷  (p̄₂ − p̄₁) ÷ ((p̄₁ + p̄₂)/2)
 *
 * of mean utilisation u and mean rate p. It compares machines, not prices of one machine: dearer ones may be
 * better ones. Nothing is said of fewer than five providers, whose figures one of them could tell apart.
 */

export interface Observation {
  readonly provider: number
  /** Minor units an hour. */
  readonly rate: number
  /** 0 to 1. */
  readonly utilisation: number
}

export interface Elasticity {
  readonly value: number
  readonly machines: number
}

const leastProviders = 5

/** `undefined`: too few, or they do not differ. O(n log n). */
export const elasticityOf = (machines: ReadonlyArray<Observation>): Elasticity | undefined => {
  if (new Set(machines.map(({ provider }) => provider)).size < leastProviders) return undefined
  const rising = machines.toSorted((one, other) => one.rate - other.rate)
  const half = Math.floor(rising.length / 2)
  const cheap = meansOf(rising.slice(0, half))
  const dear = meansOf(rising.slice(-half))
  const ratio = relative(cheap.rate, dear.rate)
  const use = relative(cheap.utilisation, dear.utilisation)
  return ratio === undefined || ratio <= 0 || use === undefined
    ? undefined
    : { value: use / ratio, machines: machines.length }
}

const meansOf = (machines: ReadonlyArray<Observation>) => ({
  rate: mean(machines.map(({ rate }) => rate)),
  utilisation: mean(machines.map(({ utilisation }) => utilisation)),
})

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length

/** The difference, as a part of the mean of both. */
const relative = (one: number, other: number): number | undefined =>
  one + other === 0 ? undefined : (other - one) / ((one + other) / 2)
