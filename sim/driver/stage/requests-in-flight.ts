/**
 * The requests that are under way, as a struct of arrays.
 *
 * Request ids rise by one, and few are open at a time: a ring of slots indexed by the low bits of the
 * id finds a request without a hash table, and doubles when two open requests would share a slot.
 */
const columnsOf = (size: number) => ({
  id: new Float64Array(size).fill(-1),
  consumer: new Int32Array(size),
  /** Number of the party whose call it is; 0: of none. */
  party: new Uint8Array(size),
  model: new Int32Array(size),
  inputTokens: new Int32Array(size),
  outputTokens: new Int32Array(size),
  maxTokens: new Int32Array(size),
  arrivedAt: new Float64Array(size),
  /** What it is worth to its consumer, times what it is to the median one. */
  worth: new Float64Array(size),
  /** Calls that follow upon it. */
  further: new Int32Array(size),
  firstTokenAt: new Float64Array(size),
  attempt: new Uint8Array(size),
  /** How often its consumer has come back with it. */
  retries: new Uint8Array(size),
  /** 0: none; 1: the consumer will leave; 2: the input is wrong; 3: it is too long for the node. */
  flaw: new Uint8Array(size),
  instance: new Int32Array(size).fill(-1),
  /** Slot in the instance's server; −1 while it is not served. */
  serverSlot: new Int32Array(size).fill(-1),
  /** Since when it waits for room, and for how long it did before; µs; −1: it does not wait. */
  waitingSince: new Float64Array(size).fill(-1),
  waitedMicros: new Float64Array(size),
  /** The batch that it is an item of; −1: of none. */
  batch: new Int32Array(size).fill(-1),
})

/** What a request keeps when it comes back under a new id. */
const kept = [
  "consumer",
  "party",
  "model",
  "inputTokens",
  "outputTokens",
  "maxTokens",
  "arrivedAt",
  "worth",
  "further",
  "retries",
  "flaw",
  "waitedMicros",
] as const

export class RequestsInFlight {
  private mask: number
  columns: ReturnType<typeof columnsOf>
  open = 0

  constructor(size = 1024) {
    this.mask = size - 1
    this.columns = columnsOf(size)
  }

  /** Opens the next request and returns its slot, valid until another is opened. */
  add(id: number): number {
    while (this.columns.id[id & this.mask] !== -1) this.double()
    const slot = id & this.mask
    this.columns.id[slot] = id
    this.columns.attempt[slot] = 0
    this.columns.firstTokenAt[slot] = 0
    this.columns.instance[slot] = -1
    this.columns.serverSlot[slot] = -1
    this.columns.batch[slot] = -1
    this.columns.waitingSince[slot] = -1
    this.columns.waitedMicros[slot] = 0
    this.open++
    return slot
  }

  /** Gives an open request a new id; its attempts begin again, all else stays. Returns its slot. */
  rename(id: number, newId: number): number {
    const slot = this.add(newId)
    const from = this.slotOf(id)
    const { columns } = this
    for (const name of kept) columns[name][slot] = columns[name][from]
    this.close(id)
    return slot
  }

  /** Slot of a request; −1: it is over, or has another id. */
  find(id: number): number {
    const slot = id & this.mask
    return this.columns.id[slot] === id ? slot : -1
  }

  slotOf(id: number): number {
    const slot = id & this.mask
    if (this.columns.id[slot] !== id) throw new Error(`request ${id} is not under way`)
    return slot
  }

  close(id: number): void {
    this.columns.id[this.slotOf(id)] = -1
    this.open--
  }

  private double(): void {
    const before = this.columns
    const size = 2 * (this.mask + 1)
    this.columns = columnsOf(size)
    this.mask = size - 1
    for (let from = 0; from < before.id.length; from++) {
      const id = before.id[from]
      if (id === -1) continue
      const to = id & this.mask
      for (const name of Object.keys(before) as Array<keyof typeof before>)
        this.columns[name][to] = before[name][from]
    }
  }
}
