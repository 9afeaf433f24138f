/**
 * How far a job of a host that polls has come, as a table. The board (job-board.ts) says what has
 * happened and does what the table answers.
 *
 * A job that was handed out is its host's until it ends, and lives on signs of life: an upload that is
 * open is one as long as it lasts, and beside it a lease runs. The host's last word counts as soon as
 * its upload has ended: what is still on its way belongs to the answer (`finishing`).
 */
import type { Machine } from "../../../engine/index.ts"
import { machine } from "../../../engine/index.ts"

export type JobState = "queued" | "handed" | "uploading" | "finishing" | "uploaded" | "over"

export type JobInput =
  | "handedOut"
  /** The answer that handed it out did not reach the host. */
  | "gaveBack"
  | "uploadOpened"
  | "uploadFinished"
  | "uploadBroken"
  | "uploadMalformed"
  /** The host's last word. */
  | "completed"
  | "failed"
  /** A sign of life apart from its upload. */
  | "heard"
  | "timedOut"
  /** Nobody wants it any more. */
  | "withdrawn"
  | "hostLost"

export type JobOutput =
  | "startLease"
  | "stopLease"
  /** Gives it to whoever polls, or to the queue. */
  | "offer"
  /** What the upload has shown of the way from the host. */
  | "noteWay"
  /** Keeps the last word until the upload has ended. */
  | "keepWord"
  /** The answer that came with the last word. */
  | "takeResponse"
  | "endCompleted"
  | "endFailed"
  | "endLost"
  | "endWithdrawn"

export const jobMachine: Machine<JobState, JobInput, JobOutput> = machine({
  name: "job",
  meaning: "A job of a host that polls, from its arrival at the board to its end.",
  initial: "queued",
  final: ["over"],
  table: {
    queued: {
      handedOut: ["handed", "startLease"],
      timedOut: ["over", "endLost"],
      withdrawn: ["over", "endWithdrawn"],
      hostLost: ["over", "endLost"],
    },
    handed: {
      gaveBack: ["queued", "offer"],
      uploadOpened: ["uploading", "stopLease"],
      completed: ["over", "takeResponse", "endCompleted"],
      failed: ["over", "endFailed"],
      heard: ["handed", "startLease"],
      timedOut: ["over", "endLost"],
      withdrawn: ["over", "endWithdrawn"],
      hostLost: ["over", "endLost"],
    },
    uploading: {
      uploadFinished: ["uploaded", "noteWay", "startLease"],
      uploadBroken: ["over", "endLost"],
      uploadMalformed: ["over", "endFailed"],
      completed: ["finishing", "keepWord"],
      failed: ["over", "endFailed"],
      heard: ["uploading"],
      withdrawn: ["over", "endWithdrawn"],
      hostLost: ["over", "endLost"],
    },
    finishing: {
      uploadFinished: ["over", "noteWay", "endCompleted"],
      uploadBroken: ["over", "endLost"],
      uploadMalformed: ["over", "endFailed"],
      completed: ["finishing", "keepWord"],
      failed: ["over", "endFailed"],
      heard: ["finishing"],
      withdrawn: ["over", "endWithdrawn"],
      hostLost: ["over", "endLost"],
    },
    uploaded: {
      gaveBack: ["queued", "offer"],
      uploadOpened: ["uploading", "stopLease"],
      completed: ["over", "takeResponse", "endCompleted"],
      failed: ["over", "endFailed"],
      heard: ["uploaded", "startLease"],
      timedOut: ["over", "endLost"],
      withdrawn: ["over", "endWithdrawn"],
      hostLost: ["over", "endLost"],
    },
    over: {},
  },
})
