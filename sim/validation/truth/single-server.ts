/**
 * The single server with Poisson arrivals, times in units of the mean service time, ρ < 1.
 * Sources: Kleinrock, "Queueing Systems", volume 1, 1975 (3.2, 5.6) and volume 2, 1976 (4.4).
 */

/** Mean time in an M/M/1 system: 1 ÷ (1 − ρ). */
export const meanSojourn = (utilisation: number): number => 1 / (1 - utilisation)

/** The q-quantile of the time in an M/M/1 system, which is exponential: −ln(1 − q) ÷ (1 − ρ). */
export const sojournQuantile = (utilisation: number, q: number): number =>
  -Math.log(1 - q) / (1 - utilisation)

/** Pollaczek and Khinchine: the mean wait in M/G/1, ρ·(1 + cv²) ÷ (2·(1 − ρ)). */
export const meanWait = (utilisation: number, squaredVariation: number): number =>
  (utilisation * (1 + squaredVariation)) / (2 * (1 - utilisation))

/**
 * Processor sharing: a job of size x spends x ÷ (1 − ρ) on average, whatever the distribution of
 * sizes (Sakata, Noguchi and Oizumi, Operations Research 19, 1971).
 */
export const sharedSojourn = (utilisation: number, size: number): number => size / (1 - utilisation)
