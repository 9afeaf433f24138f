/** The presence of nodes and of their instances: who is there, whose silence is noticed, who is to go. */
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

/** Codes in the column: above `serving`, an instance is given no new attempts, and has left its seat. */
export const serving = 0
export const stopping = 2

export const serviceMachine = machine({
  name: "service",
  meaning:
    "Does an instance take new attempts, or finish those that it has, to stop after the last?",
  initial: "serving",
  final: [],
  table: {
    serving: { drained: ["draining"] },
    draining: { drained: ["draining"], switched: ["serving"], stopped: ["stopping"] },
    stopping: { drained: ["stopping"] },
  },
})
export const serviceColumn = machineColumn(serviceMachine)
