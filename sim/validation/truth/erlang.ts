/**
 * Erlang's formulas for c servers offered a load a = λ ÷ μ (Erlang 1917; as in Kleinrock,
 * "Queueing Systems", volume 1, 1975, section 3.5–3.6).
 */

/** Erlang B: the share of customers who find all servers busy and are lost. O(c), by recursion. */
export const erlangB = (servers: number, load: number): number => {
  let blocked = 1
  for (let c = 1; c <= servers; c++) blocked = (load * blocked) / (c + load * blocked)
  return blocked
}

/** Erlang C: the share of customers who find all servers busy and wait. Needs load < servers. */
export const erlangC = (servers: number, load: number): number => {
  const blocked = erlangB(servers, load)
  return (servers * blocked) / (servers - load * (1 - blocked))
}

/** The mean wait in M/M/c in units of the mean service time: C ÷ (c − a). */
export const erlangWait = (servers: number, load: number): number =>
  erlangC(servers, load) / (servers - load)
