/** What hosts and the board of jobs say to each other: who speaks of which job, and what comes of it. */
import type { Job } from "../../protocol/delivery.ts"

/** How far a job has come that its host has been handed; `uploaded`: its last word is still to come. */
export type JobPhase = "handed" | "uploading" | "uploaded"

/** Which handing-out of which job a host speaks of. */
export interface Claim {
  readonly host: number
  readonly jobId: string
  readonly attempt: number
  readonly epoch: number
}

/** A job as it is handed to a host. */
export interface Handout extends Claim {
  readonly job: Job
}

/** A job that its host should be working on. */
export interface HeldJob extends Claim {
  readonly phase: JobPhase
  /** What has come of it, chunks. */
  readonly chunks: number
}

/** How a job ended, for whoever asks again. */
export type Ending = "completed" | "failed" | "withdrawn" | "lost"

/** Why a claim does not count. */
export type ClaimRefusal = Ending | "unknown" | "stale" | "uploadOpen"

export type Submission =
  | { readonly isTaken: true; readonly status: "completed" | "failed" }
  | { readonly isTaken: false; readonly reason: ClaimRefusal }

/** The request that a host sends tokens in, as the board commands it. */
export interface Upload {
  /** Nothing that still comes is wanted. Called at most once, and not after the feed was closed. */
  readonly end: (why: Ending) => void
  /** Reads no further until `release`. */
  readonly hold: () => void
  readonly release: () => void
}

/** What an upload tells the board. Nothing that it says after the job's end does anything. */
export interface UploadFeed {
  readonly chunk: (chunk: Readonly<Record<string, unknown>>) => void
  /** The host works, and has nothing to show yet. */
  readonly alive: () => void
  /** Something came that is no chunk. Ends the job. */
  readonly malformed: (detail: string) => void
  /** The upload ended as it should; the host's last word is still to come. */
  readonly finished: () => void
  /** The connection broke. Ends the job. */
  readonly broken: () => void
}
