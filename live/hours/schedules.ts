/** Schedules of machines: read as people write them, told to the market as instants. */
import { Either } from "effect"
import { microsPerHour } from "../../engine/index.ts"
import { describe, expand, readSchedule } from "../../schedules/index.ts"
import type { GpuRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { badRequest } from "../http/http-error.ts"
import type { MarketCalendar } from "./market-calendar.ts"
import { submittingTo } from "./submitting.ts"
import { closed } from "./regions.ts"

/** How much of the future the market is told at a time; it asks for more a month before its end. */
const toldMicros = 400 * 24 * microsPerHour

/** Throws what whoever wrote it is to be told. */
export const checkSchedule = (written: unknown): void => {
  const read = readSchedule(written)
  if (Either.isRight(read)) return
  const [issue] = read.left.issues
  const param = ["schedule", issue?.path ?? ""].filter((part) => part !== "").join(".")
  throw badRequest(`\`${param}\`: must be as allowed: ${issue?.message ?? "a schedule"}`, param)
}

export const scheduleText = ({ schedule }: GpuRecord): string => {
  if (schedule === undefined) return "Always open."
  const read = readSchedule(schedule)
  return Either.isRight(read)
    ? describe(read.right)
    : "Closed: this version cannot read its schedule."
}

export interface ScheduleKeeper {
  /** Tells the market when the machine is open from now on. */
  readonly tell: (gpu: GpuRecord) => void
}

/** Takes part in the driver's commands from here on. */
export const keepSchedules = (services: LiveServices, calendar: MarketCalendar): ScheduleKeeper => {
  const { directory, driver } = services
  const origin = calendar.originMicros

  const submit = submittingTo(driver)
  const tell = (gpu: GpuRecord, wantedUntil = 0): void => {
    if (gpu.schedule === undefined) return submit({ _tag: "ScheduleCleared", listing: gpu.id })
    const now = Math.max(driver.clock.nowMicros(), driver.market.now)
    const until = Math.max(wantedUntil, now + toldMicros)
    const read = readSchedule(gpu.schedule)
    // Written by a version that knew other zones: nothing is known of when it is open.
    if (Either.isLeft(read)) return
    const { opens, closes, excused } = expand(read.right, origin + now, origin + until)
    const toMarket = (instant: number): number => instant - origin
    submit({
      _tag: "ScheduleSet",
      listing: gpu.id,
      opens: opens.map(toMarket),
      closes: closed(opens, closes, origin + until).map(toMarket),
      until,
      ...(excused.length === 0
        ? {}
        : {
            maintenanceFrom: excused.map(([from]) => toMarket(from)),
            maintenanceUntil: excused.map(([, end]) => toMarket(end)),
          }),
    })
  }

  driver.addTaker((command) => {
    if (command._tag !== "ExtendSchedule") return
    const gpu = directory.gpus.get(command.listing)
    if (gpu !== undefined && gpu.removedAtMillis === undefined) tell(gpu, command.untilMicros)
  })
  return { tell: (gpu) => tell(gpu) }
}
