/** Machines and bookings as tables for people. */
import { alignColumns, printable } from "../../platform/terminal/output.ts"
import type { SlaTerms } from "../protocol/contracts-protocol.ts"
import type { BookingView, GpuView } from "../protocol/hours-protocol.ts"

export const gpusText = (gpus: ReadonlyArray<GpuView>): string =>
  gpus.length === 0
    ? "No machines."
    : alignColumns([
        ["gpu", "name", "region", "memory GiB", "jobs", "credits/h", "strategy", "known", "now"],
        ...gpus.map((gpu) => [
          gpu.gpu_id,
          printable(gpu.name),
          gpu.region,
          String(gpu.memory_gib),
          String(gpu.max_jobs),
          gpu.price_per_hour,
          gpu.strategy,
          `${Math.round(gpu.reputation * 100)}%`,
          gpuState(gpu),
        ]),
      ])

const gpuState = ({ phase, is_online, is_available }: GpuView): string => {
  if (phase !== "open") return phase
  if (!is_online) return "offline"
  return is_available ? "available" : "off schedule"
}

export const gpuText = (gpu: GpuView): string =>
  alignColumns([
    ["gpu", gpu.gpu_id],
    ["name", printable(gpu.name)],
    ["now", gpuState(gpu)],
    ["region", `${gpu.region} (${gpu.timezone})`],
    ["memory", `${gpu.memory_gib} GiB, ${gpu.max_jobs} jobs at once`],
    ...(gpu.cuda_version === null ? [] : [["CUDA", printable(gpu.cuda_version)]]),
    [
      "price",
      `${gpu.price_per_hour} credits/h now: ${gpu.base_price} × ${gpu.multiplier} (${gpu.strategy})`,
    ],
    ...(gpu.strategy === "dynamic"
      ? [
          [
            "rises",
            `from ${gpu.demand_threshold} of it in use on, to × ${gpu.max_multiplier} at most`,
          ],
        ]
      : []),
    ["open", printable(gpu.schedule_text)],
    ...(gpu.sla === null ? [] : [["promises", slaText(gpu.sla)]]),
    ["reputation", `${Math.round(gpu.reputation * 100)}%`],
    ...gpu.specialised.map((one) => [
      "specialised",
      `${printable(one.model_name)}${one.specialization === null ? "" : ` (${printable(one.specialization)})`}`,
    ]),
  ])

const percentText = (share: number): string => `${Math.round(share * 100_000) / 1000}%`

/** A promise in words. */
export const slaText = (terms: SlaTerms): string => {
  const targets = [
    terms.availability_target === null ? [] : `up ${percentText(terms.availability_target)}`,
    terms.completion_rate_target === null
      ? []
      : `${percentText(terms.completion_rate_target)} of calls succeed`,
    terms.response_time_target === null
      ? []
      : `answers begin within ${terms.response_time_target} s`,
  ].flat()
  return `${targets.join(", ")}; else ${percentText(terms.penalty_rate)} of a period's price goes back`
}

export const bookingsText = (bookings: ReadonlyArray<BookingView>): string =>
  bookings.length === 0
    ? "No bookings."
    : alignColumns([
        ["booking", "as", "machine", "start", "hours", "price", "escrow"],
        ...bookings.map((booking) => [
          booking.booking_id,
          booking.side,
          printable(booking.gpu),
          booking.start,
          String(Math.round(booking.hours * 100) / 100),
          booking.price,
          booking.escrow,
        ]),
      ])

export const bookingText = (booking: BookingView): string =>
  alignColumns([
    ["booking", booking.booking_id],
    ["machine", `${printable(booking.gpu)} (${booking.gpu_id})`],
    ["from", booking.start],
    ["until", booking.end],
    ["escrow", booking.escrow],
    [
      "price",
      `${booking.price}, of which ${booking.held} held, ${booking.paid} paid, ${booking.refund} given back`,
    ],
    ...(booking.sla === null
      ? []
      : [
          ["promised", slaText(booking.sla)],
          [
            "kept",
            `up ${booking.sla.availability === null ? "–" : percentText(booking.sla.availability)}; ${booking.sla.breaches} breaches, ${booking.sla.refund} given back for them`,
          ],
        ]),
    ...(booking.confirm_by === null ? [] : [["confirm by", booking.confirm_by]]),
    ...(booking.access === null ? [] : [["access", printable(booking.access)]]),
  ])
