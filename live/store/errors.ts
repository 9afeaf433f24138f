/** What can be wrong with a store, and what its owner can do. */
import { Data } from "effect"

/** What was read is not what was written: says which table, and where in it. */
export class StoreDamaged extends Data.TaggedError("StoreDamaged")<{
  readonly table: string
  /** Such as "group 12, entries 31 to 45". */
  readonly where: string
  readonly what: string
}> {
  override get message(): string {
    const { table, where, what } = this
    const place = where === "" ? "" : `, ${where}`
    return `market.sqlite is damaged: table ${table}${place}: ${what}`
  }
}

/** A read failed: says why in the store's own words. */
export class StoreUnreadable extends Data.TaggedError("StoreUnreadable")<{
  readonly reason: string
}> {
  override get message(): string {
    return this.reason
  }
}

/** What a read fails with. */
export type StoreFault = StoreDamaged | StoreUnreadable

/** The store can no longer be written, for good. */
export class StoreBroken extends Data.TaggedError("StoreBroken")<{
  readonly reason: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `The data directory cannot be written: ${this.reason}`
  }
}

/** The data directory cannot be used: says what, where and what to do. */
export class StoreUnusable extends Data.TaggedError("StoreUnusable")<{
  readonly directory: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.directory}: ${this.reason}`
  }
}

/** What to do about a directory that is damaged or that has lost something. */
export const restoreAdvice =
  "Put a backup in its place, the whole folder (`evenkeel backup` makes them)"

/** A directory whose store cannot be read, to its owner. */
export const unusable = (directory: string, fault: StoreFault): StoreUnusable =>
  new StoreUnusable({
    directory,
    reason: fault._tag === "StoreDamaged" ? `${fault.message}. ${restoreAdvice}` : fault.message,
  })
