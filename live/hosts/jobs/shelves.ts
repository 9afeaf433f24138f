/** What is there for each host: its jobs, those of them that wait, and the polls that wait for one. */
import type { Handout } from "./claim.ts"
import type { OpenJob } from "./open-job.ts"

export interface Waiter {
  readonly answer: (handout: Handout | undefined) => void
  readonly mayTake: () => boolean
  disarm: () => void
}

export interface Shelf {
  readonly queue: Array<OpenJob>
  readonly waiters: Array<Waiter>
  readonly jobs: Set<OpenJob>
}

export interface Shelves {
  /** Made where there is none. */
  readonly of: (host: number) => Shelf
  readonly find: (host: number) => Shelf | undefined
  /** A host without jobs and polls takes no memory. */
  readonly clear: (host: number) => void
  readonly all: () => Iterable<readonly [host: number, Shelf]>
}

export const makeShelves = (): Shelves => {
  const shelves = new Map<number, Shelf>()
  return {
    of: (host) => {
      let shelf = shelves.get(host)
      if (shelf === undefined) {
        shelf = { queue: [], waiters: [], jobs: new Set() }
        shelves.set(host, shelf)
      }
      return shelf
    },
    find: (host) => shelves.get(host),
    clear: (host) => {
      const shelf = shelves.get(host)
      if (shelf !== undefined && shelf.jobs.size === 0 && shelf.waiters.length === 0)
        shelves.delete(host)
    },
    all: () => shelves,
  }
}

/** Nobody waits any more: there is no job. */
export const answerAll = (shelf: Shelf): void => {
  for (const waiter of shelf.waiters.splice(0)) {
    waiter.disarm()
    waiter.answer(undefined)
  }
}

/** Takes one out of a list, where it is in it. */
export const take = <T>(from: Array<T>, one: T): void => {
  const index = from.indexOf(one)
  if (index >= 0) from.splice(index, 1)
}
