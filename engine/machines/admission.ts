/**
 * The admission of an instance: five machines side by side, each with a question of its own. Which input
 * something amounts to is for the rules to say (`rules/breaker.ts`: when failures are a trip).
 */
import { machine, machineColumn } from "../core/machine.ts"

/** Codes in the column, in the order of the table. */
export const closed = 0
export const open = 1
export const halfOpen = 2

export const breakerMachine = machine({
  name: "breaker",
  meaning: "May it be given calls, after its failures?",
  initial: "closed",
  final: [],
  table: {
    closed: { tripped: ["open"], readmitted: ["closed"] },
    open: { cooledDown: ["halfOpen"], excused: ["closed"] },
    // Tripped by a probe that failed; excused where what had tripped it was nobody's failure.
    halfOpen: { readmitted: ["closed"], tripped: ["open"], excused: ["closed"] },
  },
})
export const breakerColumn = machineColumn(breakerMachine)

/** In the column of probes; 2: for the floor. */
export const noProbe = 0
export const forBreaker = 1
export const forDoubt = 3

export const probeMachine = machine({
  name: "probe",
  meaning: "Which generation of the gateway's own is under way? One at a time.",
  initial: "none",
  final: [],
  table: {
    none: {
      askedForBreaker: ["forBreaker"],
      askedForFloor: ["forFloor"],
      askedForDoubt: ["forDoubt"],
      cancelled: ["none"],
    },
    forBreaker: { ended: ["none"], lost: ["none"], cancelled: ["none"] },
    forFloor: { ended: ["none"], lost: ["none"], cancelled: ["none"] },
    forDoubt: { ended: ["none"], lost: ["none"], cancelled: ["none"] },
  },
})
export const probeColumn = machineColumn(probeMachine)

export const floorMachine = machine({
  name: "floor",
  meaning: "Does it generate fast enough?",
  initial: "above",
  final: [],
  table: {
    above: { missed: ["below"], passed: ["above"], begunAgain: ["above"] },
    below: { passed: ["above"], begunAgain: ["above"] },
  },
})
export const floorColumn = machineColumn(floorMachine)

/** In the column of doubts; 2: by a refused token. */
export const noDoubt = 0
export const byFailures = 1

export const doubtMachine = machine({
  name: "doubt",
  meaning: "Is a probe to tell whether it works, since one party's calls alone have failed on it?",
  initial: "none",
  final: [],
  table: {
    none: { failedAlone: ["byFailures"], tokenRefused: ["byToken"], settled: ["none"] },
    byFailures: { failedAlone: ["byFailures"], settled: ["none"] },
    byToken: { failedAlone: ["byFailures"], settled: ["none"] },
  },
})
export const doubtColumn = machineColumn(doubtMachine)

export const credentialMachine = machine({
  name: "credential",
  meaning: "Does its own upstream take its token?",
  initial: "accepted",
  final: [],
  table: {
    accepted: { refused: ["suspended"] },
    suspended: { refused: ["suspended"], replaced: ["accepted"] },
  },
})
export const credentialColumn = machineColumn(credentialMachine)
