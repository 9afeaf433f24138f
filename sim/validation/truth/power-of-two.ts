/**
 * The power of two choices, in the limit of many servers (Mitzenmacher, IEEE Transactions on
 * Parallel and Distributed Systems 12, 2001; Vvedenskaya, Dobrushin and Karpelevich, Problems of
 * Information Transmission 32, 1996). Exponential services of mean 1, arrivals at rate λ < 1 a
 * server, each joining the shorter of two queues picked at random.
 */

/** The share of servers with at least `length` customers: λ^(2^length − 1). */
export const tailShare = (utilisation: number, length: number): number =>
  Math.exp((2 ** length - 1) * Math.log(utilisation))

/** Mean time in the system: Σ_{i ≥ 1} λ^(2^i − 2). */
export const powerOfTwoSojourn = (utilisation: number): number => {
  let sum = 0
  for (let i = 1; i <= 60; i++) sum += tailShare(utilisation, i) / utilisation
  return sum
}
