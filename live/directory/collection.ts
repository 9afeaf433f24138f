/** Records in memory, found by their ids and by other keys. */

/** Records of one kind, by id. */
export interface Collection<T extends { readonly id: number }> {
  readonly get: (id: number) => T | undefined
  /** In the order of their ids. */
  readonly all: () => IterableIterator<T>
  readonly size: () => number
  /** Adds a record, or replaces the one of that id. */
  readonly put: (record: T) => void
  readonly nextId: () => number
  /** Records by another key, kept up to date; keys must be unique, `undefined` is left out. */
  readonly indexBy: (keyOf: (record: T) => string | undefined) => (key: string) => T | undefined
  /** Ids of the records that share a key, in the order in which they came; it must never change. */
  readonly groupBy: (keyOf: (record: T) => number) => (key: number) => ReadonlyArray<number>
}

/** Records in memory; `write` gets each one that is put. */
export const makeCollection = <T extends { readonly id: number }>(
  records: ReadonlyArray<T>,
  write: (record: T) => void,
): Collection<T> => {
  const byId = new Map(records.map((record) => [record.id, record]))
  const indexes: Array<(before: T | undefined, after: T) => void> = []
  let highest = records.at(-1)?.id ?? -1
  return {
    get: (id) => byId.get(id),
    all: () => byId.values(),
    size: () => byId.size,
    put: (record) => {
      const before = byId.get(record.id)
      byId.set(record.id, record)
      highest = Math.max(highest, record.id)
      for (const update of indexes) update(before, record)
      write(record)
    },
    nextId: () => highest + 1,
    indexBy: (keyOf) => {
      const index = new Map<string, T>()
      const update = (before: T | undefined, after: T): void => {
        const old = before === undefined ? undefined : keyOf(before)
        if (old !== undefined) index.delete(old)
        const key = keyOf(after)
        if (key !== undefined) index.set(key, after)
      }
      for (const record of byId.values()) update(undefined, record)
      indexes.push(update)
      return (key) => index.get(key)
    },
    groupBy: (keyOf) => {
      const groups = new Map<number, Array<number>>()
      const update = (before: T | undefined, after: T): void => {
        if (before !== undefined) return
        const key = keyOf(after)
        const group = groups.get(key)
        if (group === undefined) groups.set(key, [after.id])
        else group.push(after.id)
      }
      for (const record of byId.values()) update(undefined, record)
      indexes.push(update)
      return (key) => groups.get(key) ?? []
    },
  }
}
