/** What hosts are told of hours, by whoever sells them. */
import type { HostRecord } from "../directory/records.ts"
import type { Monitoring } from "../protocol/figures-protocol.ts"
import type { Heartbeat } from "../protocol/host-protocol.ts"
import type { HostBooking } from "../protocol/hours-protocol.ts"

/** What a host that sells hours is told with each heartbeat, and within what time it is to send the next. */
export type HostHours = (
  host: HostRecord,
  report: Heartbeat,
) => {
  readonly bookings: ReadonlyArray<HostBooking>
  readonly withinSeconds: number
  /** What its agent is to look at. */
  readonly monitoring?: Monitoring | undefined
}
