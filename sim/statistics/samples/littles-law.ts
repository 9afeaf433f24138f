/**
 * Little's law, L = λ·W (Little, Operations Research 9, 1961), as a check that a run counts what it
 * claims to count.
 *
 * Over a finite window it is not only a limit but an identity: the area under the number in the
 * system equals the time that all customers together spent in it inside the window (Little and
 * Graves in "Building Intuition", Springer 2008, section 5.2). Count the time of those who were
 * there before and of those who are still there, and the gap is rounding alone.
 */
export interface LittlesLaw {
  /** The average over time of the number in the system, by counting in and out. */
  readonly meanInSystem: number
  /** Customers per unit of time over the window. */
  readonly arrivalRate: number
  /** The mean time in the system, by stamping each customer, in the same unit of time. */
  readonly meanSojourn: number
}

/** |L − λW| ÷ max(L, λW); 0 for an empty system. */
export const littlesLawGap = ({ meanInSystem, arrivalRate, meanSojourn }: LittlesLaw): number => {
  const product = arrivalRate * meanSojourn
  const larger = Math.max(Math.abs(meanInSystem), Math.abs(product))
  return larger === 0 ? 0 : Math.abs(meanInSystem - product) / larger
}
