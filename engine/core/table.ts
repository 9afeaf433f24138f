/**
 * A table of entities as a struct of arrays: one typed array a column, one slot a row. Ids of the
 * driver's choosing map to dense slots; a freed slot is zeroed and used again, last freed first, so
 * a market with churn stays as small as its population.
 */
import { byOffset } from "./by-offset.ts"
import type { Slot } from "./ids.ts"
import { invariant } from "./invariant.ts"
import { SlotIndex } from "./slot-index.ts"

type ColumnArray = Float64Array | Int32Array | Uint32Array | Uint8Array
export type ColumnKind = "f64" | "i32" | "u32" | "u8"
export type TableSpec = { readonly [column: string]: ColumnKind }

type ArrayOf<K extends ColumnKind> = K extends "f64"
  ? Float64Array<ArrayBuffer>
  : K extends "i32"
    ? Int32Array<ArrayBuffer>
    : K extends "u32"
      ? Uint32Array<ArrayBuffer>
      : Uint8Array<ArrayBuffer>

export type Columns<S extends TableSpec> = { [C in keyof S]: ArrayOf<S[C]> }

export interface Table<S extends TableSpec> {
  readonly spec: S
  /** Read anew after every insertion: growth replaces the arrays. */
  readonly columns: Columns<S>
  /** Id of each slot; −1 where the slot is free. */
  ids: Float64Array<ArrayBuffer>
  readonly slots: SlotIndex
  readonly free: Array<number>
  /** Slots ever used: every live slot is below it. */
  used: number
}

const makeArray = (kind: ColumnKind, length: number): ColumnArray =>
  kind === "f64"
    ? new Float64Array(length)
    : kind === "i32"
      ? new Int32Array(length)
      : kind === "u32"
        ? new Uint32Array(length)
        : new Uint8Array(length)

export const makeTable = <S extends TableSpec>(spec: S, capacity = 16): Table<S> => {
  const columns: Record<string, ColumnArray> = {}
  for (const [name, kind] of Object.entries(spec)) columns[name] = makeArray(kind, capacity)
  return {
    spec,
    columns: byOffset(columns) as Columns<S>,
    ids: new Float64Array(capacity).fill(-1),
    slots: new SlotIndex(),
    free: [],
    used: 0,
  }
}

/** The slot of an id, or −1. */
export const slotOf = (table: Table<TableSpec>, id: number): Slot => table.slots.find(id)

export const isPresent = (table: Table<TableSpec>, id: number): boolean => table.slots.has(id)

export const countOf = (table: Table<TableSpec>): number => table.slots.size

/** Gives the id a zeroed slot. The caller has made sure that the id is new. */
export const insert = <S extends TableSpec>(table: Table<S>, id: number): Slot => {
  invariant(id >= 0, "an id is no mark of a free slot")
  const reused = table.free.pop()
  const slot = reused ?? table.used++
  if (slot >= table.ids.length) grow(table, slot + 1)
  table.ids[slot] = id
  table.slots.add(id, slot)
  return slot
}

/** Frees the slot of an id and zeroes its row. */
export const remove = <S extends TableSpec>(table: Table<S>, slot: number): void => {
  table.slots.remove(table.ids[slot])
  table.ids[slot] = -1
  const columns = table.columns as Record<string, ColumnArray>
  for (const name in table.spec) columns[name][slot] = 0
  table.free.push(slot)
}

/** Makes room for at least `least` rows; doubles, so that an insertion is O(1) amortised. */
export const grow = <S extends TableSpec>(table: Table<S>, least: number): void => {
  invariant(least > table.ids.length, "a table grows for a row that it has no room for")
  const capacity = Math.max(least, table.ids.length * 2)
  const columns = table.columns as Record<string, ColumnArray>
  for (const [name, kind] of Object.entries(table.spec)) {
    const wider = makeArray(kind, capacity)
    wider.set(columns[name] as ColumnArray)
    columns[name] = wider
  }
  const ids = new Float64Array(capacity).fill(-1)
  ids.set(table.ids)
  table.ids = ids
}

/** Asserts that ids, index, free slots and columns tell one story. O(capacity + free slots · columns). */
export const auditTable = (table: Table<TableSpec>): void => {
  const { ids, slots, free, used } = table
  slots.audit()
  invariant(used <= ids.length, "a table has room for the slots that it has used")
  invariant(slots.size + free.length === used, "each slot of a table is taken or free")
  invariant(new Set(free).size === free.length, "a free slot is listed once")
  for (const slot of free) {
    invariant(slot < used, "a slot is freed after it was used")
    invariant(ids[slot] === -1, "a free slot has no id")
  }
  for (let slot = 0; slot < ids.length; slot++)
    if (ids[slot] !== -1) invariant(slots.find(ids[slot]) === slot, "an id leads to its own slot")
  for (const column of Object.values(table.columns)) {
    invariant(column.length === ids.length, "a table's columns are as long as its ids")
    for (const slot of free) invariant(column[slot] === 0, "the row of a free slot is empty")
  }
}
