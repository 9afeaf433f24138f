/** A job from its delivery to its end: how far it has come, and who waits for it. */
import { randomBytes } from "node:crypto"
import type { DeliveryEnd, DeliverySink, Job } from "../../protocol/delivery.ts"
import type { JobPhase, Submission, Upload } from "./claim.ts"
import type { JobState } from "./job-machine.ts"
import { jobMachine } from "./job-machine.ts"

export interface OpenJob {
  readonly id: string
  readonly host: number
  readonly job: Job
  readonly sink: DeliverySink
  readonly pickUpBy: number
  state: JobState
  epoch: number
  handedMicros: number
  /** Of its latest upload; −1: there was none. */
  openedMicros: number
  chunks: number
  isPaused: boolean
  upload: Upload | undefined
  /** The host's last word, and who waits to hear that it was taken. */
  word: DeliveryEnd | undefined
  readonly answers: Array<Answerer>
  disarm: () => void
}
export type Answerer = (submission: Submission) => void

export const openJob = (job: Job, sink: DeliverySink, host: number, pickUpBy: number): OpenJob => ({
  // Not the request's number: it would tell hosts how many requests there are.
  id: `job_${randomBytes(12).toString("base64url")}`,
  host,
  job,
  sink,
  pickUpBy,
  state: jobMachine.initial,
  epoch: 0,
  handedMicros: 0,
  openedMicros: -1,
  chunks: 0,
  isPaused: false,
  upload: undefined,
  word: undefined,
  answers: [],
  disarm: () => {},
})

export const connectFailed = (detail: string): DeliveryEnd => ({ outcome: "connectFailed", detail })

/** How a delivery ends that its host has left in the middle. */
export const cutOff = ({ chunks }: OpenJob, detail: string): DeliveryEnd => ({
  outcome: chunks > 0 ? "truncated" : "connectFailed",
  detail,
})

/** What a host is told of a job that is its own. */
export const phaseOf = ({ state }: OpenJob): JobPhase | undefined => {
  if (state === "queued" || state === "over") return undefined
  return state === "finishing" ? "uploading" : state
}
