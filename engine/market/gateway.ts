/**
 * The gateway's own downtime is nobody's fault. When it is back, the hours that have gone by are
 * turned without a demand to speak of, and everyone stands as they stood: silent nodes have a whole
 * heartbeat timeout to be heard of again, and what the gateway had asked of instances is asked anew.
 * Nothing that would have fallen due meanwhile does so after the event.
 *
 * Attempts that the outage cut off are the driver's to end, each with the outcome `gatewayFault`:
 * neutral, delivered tokens paid, nothing held.
 */
import type { Market } from "./state/market-state.ts"
import { turnHours } from "./hours.ts"
import { mechanisms } from "./mechanisms.ts"
import { superviseFrom } from "./presence/nodes.ts"
import { forgetAsked, lookAgain } from "./admission/probes.ts"

/** The gateway was away from the latest event to `at`: not at all, where no time has gone by. */
export const resumeGateway = (market: Market, at: number): undefined => {
  if (at === market.now) return
  const from = market.now
  while (market.nextHour <= at) turnHours(market, at, false)
  market.now = at
  market.idleHours = 0
  const nodes = market.nodes.columns
  for (let node = 0; node < market.nodes.used; node++) {
    if (market.nodes.ids[node] === -1) continue
    if (nodes.isOnline[node] === 0 || nodes.isSupervised[node] === 0) continue
    nodes.lastHeartbeat[node] = at
    superviseFrom(market, node)
  }
  for (let instance = 0; instance < market.instances.used; instance++) {
    if (market.instances.ids[instance] === -1) continue
    forgetAsked(market, instance)
    lookAgain(market, instance)
  }
  for (const { resume } of mechanisms) resume?.(market, from)
}
