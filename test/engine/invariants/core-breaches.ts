/** The assertions of engine/core and engine/protocol, broken. */
import { emptyDigest } from "../../../engine/core/digest.ts"
import { advance, machineColumn } from "../../../engine/core/machine.ts"
import { SlotIndex } from "../../../engine/core/slot-index.ts"
import { auditTable, grow, insert, makeTable, remove } from "../../../engine/core/table.ts"
import type { Tournament } from "../../../engine/core/tournament.ts"
import {
  auditTournament,
  enter,
  leave,
  makeTournament,
  setLeaf,
} from "../../../engine/core/tournament.ts"
import { mulDivCeil, mulDivFloor } from "../../../engine/core/units.ts"
import type { WakeQueue } from "../../../engine/core/wake-queue.ts"
import { auditWakeQueue, makeWakeQueue, wakeAt } from "../../../engine/core/wake-queue.ts"
import { breakerColumn } from "../../../engine/machines/admission.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import { emit } from "../../../engine/protocol/command.ts"
import type { Breaches } from "./breaches.ts"

const door = { name: "door", meaning: "Is it open?", final: [] }

interface IndexParts {
  entries: number
  readonly places: Float64Array
}

/** An index of the id 5 in slot 0, spoilt and audited. */
const spoiltIndex = (spoil: (parts: IndexParts) => void) => (): void => {
  const index = new SlotIndex()
  index.add(5, 0)
  spoil(index as unknown as IndexParts)
  index.audit()
}

const makeRows = () => makeTable({ a: "f64" })

/** A table of the id 1 in slot 0, and the freed slot 1, spoilt and audited. */
const spoiltTable = (spoil: (table: ReturnType<typeof makeRows>) => void) => (): void => {
  const table = makeRows()
  for (const id of [1, 2]) insert(table, id)
  remove(table, 1)
  spoil(table)
  auditTable(table)
}

/** A tournament of one candidate of weight 1, at place 0. */
const oneCandidate = (): Tournament => {
  const tournament = makeTournament()
  enter(tournament, 7)
  setLeaf(tournament, 0, 1, 1)
  return tournament
}

const spoiltTournament = (spoil: (tournament: Tournament) => void) => (): void => {
  const tournament = oneCandidate()
  spoil(tournament)
  auditTournament(tournament)
}

/** 0 waits until 1 µs, 1 until 2 µs. */
const twoWaiting = (): WakeQueue => {
  const queue = makeWakeQueue()
  wakeAt(queue, 0, 1)
  wakeAt(queue, 1, 2)
  return queue
}

const spoiltQueue = (spoil: (queue: WakeQueue) => void) => (): void => {
  const queue = twoWaiting()
  spoil(queue)
  auditWakeQueue(queue)
}

const send = (command: unknown) => (): void =>
  emit({ commands: [], digest: emptyDigest() }, command as Command)

export const coreBreaches: Breaches = {
  "a machine's initial state is the first of its table": () =>
    machineColumn<string, string>({ ...door, initial: "open", table: { shut: {}, open: {} } }),
  "a machine's states have their numbers in a byte": () => {
    const states = Array.from({ length: 255 }, (_, state) => [`s${state}`, {}] as const)
    machineColumn<string, string>({ ...door, initial: "s0", table: Object.fromEntries(states) })
  },
  "a machine moves to a state of its own table": () =>
    machineColumn({ ...door, initial: "shut", table: { shut: { pushed: ["ajar" as "shut"] } } }),
  "a machine is given what is legal in its state": () =>
    advance(breakerColumn, Uint8Array.of(0), 0, "cooledDown"),
  "an index is at most half full": spoiltIndex((parts) => (parts.entries = 9)),
  "an index finds each of its entries": spoiltIndex(({ places }) => {
    const home = places.indexOf(5)
    const away = (home + 4) % places.length
    places[home] = NaN
    places[away] = 5
  }),
  "an index counts its entries": spoiltIndex((parts) => (parts.entries = 2)),

  "an id is no mark of a free slot": () => insert(makeRows(), -1),
  "a table grows for a row that it has no room for": () => grow(makeRows(), 1),
  "a table has room for the slots that it has used": spoiltTable((table) => (table.used = 99)),
  "each slot of a table is taken or free": spoiltTable((table) => (table.used = 3)),
  "a free slot is listed once": spoiltTable((table) => {
    table.used = 3
    table.free.push(1)
  }),
  "a slot is freed after it was used": spoiltTable((table) => (table.free[0] = 5)),
  "a free slot has no id": spoiltTable((table) => (table.ids[1] = 2)),
  "an id leads to its own slot": spoiltTable((table) => (table.ids[0] = 9)),
  "a table's columns are as long as its ids": spoiltTable(
    (table) => (table.columns.a = new Float64Array(3)),
  ),
  "the row of a free slot is empty": spoiltTable((table) => (table.columns.a[1] = 1)),

  "an entrant is no mark of a free leaf": () => enter(makeTournament(), -1),
  "a leaf that is given away is free": () => {
    const tournament = makeTournament()
    tournament.entrant[0] = 7
    enter(tournament, 8)
  },
  "a leaf that is freed is taken": () => leave(makeTournament(), 0),
  "a node of a tournament has the least key below it": spoiltTournament(
    ({ nodes }) => (nodes[2] = 7),
  ),
  "a node's weight is that of the least below it": spoiltTournament(({ nodes }) => (nodes[3] = 7)),
  "a candidate's weight is whole": spoiltTournament((tournament) => setLeaf(tournament, 0, 1, 1.5)),
  "a leaf of nobody is no candidate": spoiltTournament((tournament) =>
    setLeaf(tournament, 1, 1, 1),
  ),
  "each leaf of a tournament is taken or free": spoiltTournament(
    (tournament) => (tournament.used = 2),
  ),

  "a quantity that is rounded up is at least 0": () => mulDivCeil(-1, 1, 1),
  "a quantity that is rounded down is at least 0": () => mulDivFloor(-1, 1, 1),
  "the heap and its positions agree": spoiltQueue(({ position }) => (position[0] = 1)),
  "whoever waits has a time to wake": spoiltQueue(({ time }) => (time[1] = Infinity)),
  "nobody waits below somebody later": spoiltQueue(({ time }) => (time[0] = 3)),
  "whoever does not wait has no place in the heap": spoiltQueue(
    ({ position }) => (position[5] = 2),
  ),
  "a probe generates a token or more": send({
    _tag: "Probe",
    instance: 1,
    probe: 1,
    purpose: "floor",
    tokens: 0,
  }),
  "an instance is parked until a time": send({ _tag: "Park", instance: 1, untilMicros: -1 }),
}
