/** The presence of a node: whether it is there, and whether its silence would be noticed. */
import { machine, machineColumn } from "../core/machine.ts"

export const connectionMachine = machine({
  name: "connection",
  meaning: "Is the node there?",
  initial: "offline",
  final: [],
  table: {
    offline: { heard: ["online"] },
    online: { silent: ["offline"] },
  },
})
export const connectionColumn = machineColumn(connectionMachine)

export const supervisionMachine = machine({
  name: "supervision",
  meaning: "Is the node lost when it misses its heartbeats? From its first one on.",
  initial: "unsupervised",
  final: [],
  table: {
    unsupervised: { heartbeat: ["supervised"] },
    supervised: { heartbeat: ["supervised"] },
  },
})
export const supervisionColumn = machineColumn(supervisionMachine)
