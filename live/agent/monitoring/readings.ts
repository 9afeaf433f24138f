/** What checks find out of what a machine says of itself. */
import type { Gpu } from "../machine/gpus.ts"

/** The part of its memory that the fullest GPU has in use, 0 to 1; `undefined`: none says. */
export const memoryInUse = (gpus: ReadonlyArray<Gpu>): number | undefined => {
  const shares = gpus.flatMap(({ memoryUsedMib, memoryTotalMib }) =>
    memoryUsedMib === undefined || memoryTotalMib === undefined || memoryTotalMib === 0
      ? []
      : Math.min(1, memoryUsedMib / memoryTotalMib),
  )
  return shares.length === 0 ? undefined : Math.max(...shares)
}

/** Jobs that a rate is told of, at least. */
const leastJobs = 20
const countedMillis = 3_600_000
/** So that no flood of jobs fills the memory. */
const mostJobs = 10_000

export interface JobCount {
  readonly note: (isSuccess: boolean, nowMillis: number) => void
  /** Of those that ended within the last hour, 0 to 1; `undefined`: too few. */
  readonly successRate: (nowMillis: number) => number | undefined
}

export const makeJobCount = (): JobCount => {
  const jobs: Array<{ readonly at: number; readonly isSuccess: boolean }> = []
  return {
    note: (isSuccess, at) => {
      jobs.push({ at, isSuccess })
      if (jobs.length > mostJobs) jobs.splice(0, jobs.length - mostJobs)
    },
    successRate: (now) => {
      const first = jobs.findIndex(({ at }) => at > now - countedMillis)
      jobs.splice(0, first < 0 ? jobs.length : first)
      return jobs.length < leastJobs
        ? undefined
        : jobs.filter(({ isSuccess }) => isSuccess).length / jobs.length
    },
  }
}
