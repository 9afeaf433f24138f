/** Hours as somebody wants them, before it knows whose they are. */
export interface Wish {
  readonly region: number
  readonly hours: number
  readonly jobs: number
  /** An hour of a job, as a multiple of the device's published rate. */
  readonly worth: number
  readonly startAt: number
  readonly latestStart: number
}
