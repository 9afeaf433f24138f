/** Jobs that are over, so that the same submission again gets the same answer again; the latest of them. */
import type { Ending } from "./claim.ts"
import type { OpenJob } from "./open-job.ts"

export interface EndedJob {
  readonly host: number
  readonly attempt: number
  readonly epoch: number
  readonly ending: Ending
  /** An upload of it had opened. */
  readonly hadUpload: boolean
}

export interface EndedJobs {
  readonly remember: (job: OpenJob, ending: Ending) => void
  readonly get: (jobId: string) => EndedJob | undefined
  readonly size: () => number
}

export const makeEndedJobs = (most: number): EndedJobs => {
  const ended = new Map<string, EndedJob>()
  return {
    remember: (job, ending) => {
      const { host, epoch } = job
      const hadUpload = job.openedMicros >= 0
      ended.set(job.id, { host, attempt: job.job.attempt, epoch, ending, hadUpload })
      if (ended.size <= most) return
      const [oldest] = ended.keys()
      if (oldest !== undefined) ended.delete(oldest)
    },
    get: (jobId) => ended.get(jobId),
    size: () => ended.size,
  }
}
