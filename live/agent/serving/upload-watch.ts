/**
 * Whether what this host sends of a job arrives while it sends it. A proxy between that buffers request
 * bodies keeps an upload until it is whole: nothing streams, and to the gateway the host seems dead. The
 * heartbeat's answer says how far the gateway has got with each job; one whose upload has had something
 * in it for a while, and which is only `handed` there, is held back. One that is `uploading` there while
 * its upload goes on here is not.
 */
import type { HeartbeatAnswer } from "../../protocol/host-protocol.ts"

export interface UploadWatch {
  /**
   * What the host has sent of uploads that go on when it asked, ms ago by job; and what it was answered.
   */
  readonly see: (
    sentMillis: ReadonlyMap<string, number>,
    jobs: HeartbeatAnswer["jobs"],
  ) => "held" | "released" | undefined
  /** Whether it is known that nothing holds uploads back, or that something does. */
  readonly isKnown: () => boolean
  /** Jobs of the latest answer that are held back. */
  readonly heldBack: () => ReadonlyArray<string>
}

/** What was sent so long ago has arrived, if nothing holds it back. */
const arrivedMillis = 1500

export const makeUploadWatch = (): UploadWatch => {
  let way: "unknown" | "open" | "held" = "unknown"
  let held: ReadonlyArray<string> = []
  return {
    see: (sentMillis, jobs) => {
      held = jobs
        .filter(
          ({ job_id, phase }) =>
            phase === "handed" && (sentMillis.get(job_id) ?? 0) >= arrivedMillis,
        )
        .map(({ job_id }) => job_id)
      const flows = jobs.some(
        ({ job_id, phase }) => phase === "uploading" && sentMillis.has(job_id),
      )
      const before = way
      if (held.length > 0) way = "held"
      else if (flows) way = "open"
      if (way === "held" && before !== "held") return "held"
      return way === "open" && before === "held" ? "released" : undefined
    },
    isKnown: () => way !== "unknown",
    heldBack: () => held,
  }
}
