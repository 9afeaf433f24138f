/** Servers with a finite queue, fed without memory (M/M/c/K): what a stated utilisation asks for, and costs. */

export interface LossQueue {
  /** Busy part of the servers; part of the arrivals that is lost; mean wait of the others, in service times. */
  readonly utilisation: number
  readonly lost: number
  readonly wait: number
}

/** `load`: arrivals in a service time, erlangs; `places`: those who may wait. */
export const lossQueue = (load: number, servers: number, places: number): LossQueue => {
  const weights = [1]
  for (let present = 1; present <= servers + places; present++)
    weights.push((weights[present - 1] * load) / Math.min(present, servers))
  const whole = weights.reduce((sum, one) => sum + one, 0)
  const lost = weights[servers + places] / whole
  const queue = weights.reduce(
    (sum, weight, present) => sum + Math.max(0, present - servers) * weight,
    0,
  )
  const admitted = load * (1 - lost)
  return { utilisation: admitted / servers, lost, wait: queue / whole / admitted }
}

/** The load at which so much of the servers is busy. */
export const loadFor = (utilisation: number, servers: number, places: number): number => {
  let low = 0
  let high = 1
  while (lossQueue(high, servers, places).utilisation < utilisation) high *= 2
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (lossQueue(middle, servers, places).utilisation < utilisation) low = middle
    else high = middle
  }
  return high
}
