/** Schedules as instants: what holds for every week, in every zone, over every change of a clock. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Temporal } from "temporal-polyfill"
import { expand } from "../../schedules/index.ts"
import type { Expansion } from "../../schedules/index.ts"
import { instantOf, localAt, offsetsOf } from "../../schedules/offsets.ts"
import { assertProperty } from "../support/property.ts"
import { minuteByMinute } from "./minute-by-minute.ts"
import { scheduleCases, zones } from "./random-schedule.ts"

type Span = readonly [from: number, until: number]

const openSpans = ({ opens, closes, until }: Expansion): ReadonlyArray<Span> =>
  opens.map((from, index) => [from, closes[index] ?? until])

/** One stretch of time after the other: what is open or excused on both sides of the seam is one. */
const joined = (first: Expansion, second: Expansion): Expansion => {
  const goesOn = first.opens.length > first.closes.length && second.opens[0] === first.until
  const excused = [...first.excused]
  for (const [from, until] of second.excused) {
    const last = excused.at(-1)
    if (last?.[1] === from) excused[excused.length - 1] = [last[0], until]
    else excused.push([from, until])
  }
  return {
    opens: [...first.opens, ...second.opens.slice(goesOn ? 1 : 0)],
    closes: [...first.closes, ...second.closes],
    excused,
    until: second.until,
  }
}

/** A part of a stretch, evenly: a random double would nearly always be next to 0. */
const part = fc.nat(999).map((thousandths) => thousandths / 1000)

describe("an expansion", () => {
  it("is what a clock shows that is read minute by minute", async () => {
    await assertProperty(
      fc.property(scheduleCases(3), ({ schedule, fromMicros, untilMicros }) => {
        expect(expand(schedule, fromMicros, untilMicros)).toEqual(
          minuteByMinute(schedule, fromMicros, untilMicros),
        )
      }),
      { share: 0.1 },
    )
  })

  it("opens and closes in turns, strictly later each time, and never during maintenance", async () => {
    await assertProperty(
      fc.property(scheduleCases(40), ({ schedule, fromMicros, untilMicros }) => {
        const expansion = expand(schedule, fromMicros, untilMicros)
        const { opens, closes, excused } = expansion
        expect([0, 1]).toContain(opens.length - closes.length)
        const spans = [...openSpans(expansion), ...excused].toSorted((a, b) => a[0] - b[0])
        let last = fromMicros
        for (const [from, until] of spans) {
          if (from < last || until <= from || until > untilMicros)
            expect.fail(`${from} to ${until}, after ${last}`)
          last = until
        }
        openSpans(expansion).reduce((before, [from, until]) => {
          if (from <= before) expect.fail(`opens at ${from}, having closed at ${before}`)
          return until
        }, -Infinity)
        // With maintenance taken away, all that was excused is open.
        const whole = expand({ ...schedule, maintenance: [] }, fromMicros, untilMicros)
        const length = (all: ReadonlyArray<Span>) => all.reduce((sum, [a, b]) => sum + b - a, 0)
        expect(length(spans)).toBe(length(openSpans(whole)))
      }),
      { share: 0.3 },
    )
  })

  it("in two parts is the same as in one", async () => {
    await assertProperty(
      fc.property(scheduleCases(20), part, ({ schedule, fromMicros, untilMicros }, share) => {
        const whole = expand(schedule, fromMicros, untilMicros)
        // Anywhere, or just where something opens or closes.
        const instants = [...whole.opens, ...whole.closes, ...whole.excused.flat()]
        const seam =
          share < 0.5 && instants.length > 0
            ? instants[Math.floor(share * 2 * instants.length)]!
            : Math.round(fromMicros + share * (untilMicros - fromMicros))
        const parts = [
          expand(schedule, fromMicros, seam),
          expand(schedule, seam, untilMicros),
        ] as const
        expect(joined(...parts)).toEqual(whole)
      }),
      { share: 0.3 },
    )
  })

  it("that is replaced by another schedule's stands as it was before the change", async () => {
    await assertProperty(
      fc.property(
        scheduleCases(20),
        scheduleCases(0),
        part,
        ({ schedule, fromMicros, untilMicros }, { schedule: other }, share) => {
          const change = Math.round(fromMicros + share * (untilMicros - fromMicros))
          const before = (instants: ReadonlyArray<number>) => instants.filter((at) => at < change)
          const kept = expand(schedule, fromMicros, untilMicros)
          const changed = joined(
            expand(schedule, fromMicros, change),
            expand(other, change, untilMicros),
          )
          expect(before(changed.opens)).toEqual(before(kept.opens))
          expect(before(changed.closes)).toEqual(before(kept.closes))
          expect(before(changed.excused.flat())).toEqual(before(kept.excused.flat()))
        },
      ),
      { share: 0.3 },
    )
  })
})

describe("local time", () => {
  it("becomes the instant that Temporal says, in gaps and folds too, and is read back", async () => {
    await assertProperty(
      fc.property(
        scheduleCases(3),
        fc.constantFrom(...zones),
        ({ schedule, fromMicros, untilMicros }, other) => {
          for (const timezone of [schedule.timezone, other]) {
            const offsets = offsetsOf(
              timezone,
              fromMicros - 2 * 86_400e6,
              untilMicros + 2 * 86_400e6,
            )
            const minute = Math.floor(fromMicros / 60e6) * 60_000
            for (let millis = minute; millis <= minute + 86_400_000; millis += 45 * 60_000) {
              const local = Temporal.PlainDateTime.from(new Date(millis).toISOString().slice(0, 19))
              const instant = local.toZonedDateTime(timezone, { disambiguation: "compatible" })
              const zoned =
                Temporal.Instant.fromEpochMilliseconds(millis).toZonedDateTimeISO(timezone)
              expect(instantOf(offsets, millis * 1000)).toBe(instant.epochMilliseconds * 1000)
              expect(localAt(offsets, millis * 1000)).toBe(
                millis * 1000 + zoned.offsetNanoseconds / 1000,
              )
            }
          }
        },
      ),
      { share: 0.05 },
    )
  })
})
