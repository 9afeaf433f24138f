/** Presence: nodes and their instances come, are online, and go. */
import { microsPerHour } from "../../core/units.ts"
import type { Market } from "../state/market-state.ts"
import { ofNodes } from "../state/market-state.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditPresence } from "./audit.ts"
import {
  onAvailabilityChanged,
  onCredentialReplaced,
  onInstanceDrained,
  onInstanceStarted,
  onInstanceStopped,
  onModelSwitched,
} from "./instances.ts"
import {
  checkHeartbeat,
  onHeartbeatReceived,
  onNodeLost,
  onNodeRegistered,
  onNodeRemoved,
  onNodeReturned,
} from "./nodes.ts"
import { creditOnline } from "./online-time.ts"

export const presence: Mechanism = {
  name: "presence",
  takes: {
    NodeRegistered: onNodeRegistered,
    HeartbeatReceived: onHeartbeatReceived,
    NodeLost: onNodeLost,
    NodeReturned: onNodeReturned,
    NodeRemoved: onNodeRemoved,
    InstanceStarted: onInstanceStarted,
    ModelSwitched: onModelSwitched,
    AvailabilityChanged: onAvailabilityChanged,
    InstanceDrained: onInstanceDrained,
    InstanceStopped: onInstanceStopped,
    CredentialReplaced: onCredentialReplaced,
  },
  timers: [{ queue: ofNodes, fire: checkHeartbeat }],
  turnHour: (market) => {
    const { ids, used } = market.instances
    for (let instance = 0; instance < used; instance++)
      if (ids[instance] !== -1) creditOnline(market, instance)
  },
  passHours: (market, hours) => passOnline(market, hours * microsPerHour),
  audit: auditPresence,
}

/** Online time that the health window holds already, since all of its hours are alike. */
const passOnline = (market: Market, micros: number): void => {
  const { columns, ids, used } = market.instances
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.isOnline[instance] === 0) continue
    columns.onlineMicros[instance] += micros
    columns.creditedUntil[instance] += micros
  }
}
