/**
 * The market's past in figures: read once a minute, and kept by the minute for a while, then coarser and
 * coarser, for thirty days. What is kept is bounded: each range has so many spans, whatever happens.
 * A process that is killed loses the minute that it was in.
 *
 *     commands, refusals ─► counts of the minute ─┐
 *     the market as it stands ────────────────────┴─► the present span of each range ─► store
 */
import { Effect } from "effect"
import type { ModelId, Refusal } from "../../engine/index.ts"
import { marketView, microsPerSecond } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"
import type { StoreFault } from "../store/errors.ts"
import type { StoredSample } from "../store/store.ts"
import { countServing, marketState } from "./market-state.ts"
import type { MinuteRates } from "./minute-rates.ts"
import type { Counts, Figures } from "./trend-figures.ts"
import { addCounts, addFigures, figuresText, noCounts, readFigures } from "./trend-figures.ts"

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** By how far back one looks: the length of a span, and for how long spans are kept, s. */
export const trendRanges = {
  hour: { stepSeconds: minute, seconds: hour },
  day: { stepSeconds: 5 * minute, seconds: day },
  week: { stepSeconds: 30 * minute, seconds: 7 * day },
  month: { stepSeconds: 2 * hour, seconds: 30 * day },
} as const
export type TrendRange = keyof typeof trendRanges

/** Spans beyond the range, so that a look at it finds it whole. */
const sparedSpans = 12

export const wholeMarket = -1

export interface Trends {
  /** The kernel's refusal does not name the model: whoever asked for it says so. */
  readonly noteRefused: (model: ModelId, reason: Refusal) => void
  /** The spans of a range up to now, each with its beginning, Unix time. */
  readonly read: (
    range: TrendRange,
    subject: number,
  ) => Effect.Effect<ReadonlyArray<{ readonly at: number; readonly figures: Figures }>, StoreFault>
  /** Keeps what there is of the present minute, and ends. */
  readonly close: () => void
}

/** Begins to take notes. To be made once, before the market takes requests. */
export const makeTrends = (
  services: LiveServices,
  rates: MinuteRates,
): Effect.Effect<Trends, StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, nowMillis, store } = services
    const { clock } = driver
    const present = yield* presentSpans(services)
    const askedSince = makeAsked(services)
    let counts = new Map<number, Counts>()
    let readMicros = clock.nowMicros()

    const count = (model: number, more: Partial<Counts>): void => {
      counts.set(model, addCounts(counts.get(model) ?? noCounts, { ...noCounts, ...more }))
    }

    /** What was counted since the last reading, and what is seen now, by subject. */
    const look = (seconds: number): ReadonlyMap<number, Figures> => {
      const state = marketState(services, rates)
      const asked = askedSince()
      const seen = new Map<number, Figures>()
      let all: Counts = noCounts
      for (const model of directory.models.all()) {
        const now = state.models.find((one) => one.model === model.name)
        const askedTokens = asked.get(model.id) ?? 0
        const counted = addCounts(counts.get(model.id) ?? noCounts, { ...noCounts, askedTokens })
        all = addCounts(all, counted)
        seen.set(model.id, {
          ...counted,
          seconds,
          supply: (now?.supply_tokens_per_second ?? 0) * seconds,
          heldBack: (now?.held_back_tokens_per_second ?? 0) * seconds,
          hosts: (now === undefined ? 0 : countServing(now.instances)) * seconds,
          bounty: (now?.bounty_multiplier ?? 1) * seconds,
          inputPricePerMtok: model.inputPricePerMtok,
          outputPricePerMtok: model.outputPricePerMtok,
        })
      }
      const sum = (of: "supply" | "heldBack"): number =>
        [...seen.values()].reduce((total, one) => total + one[of], 0)
      return seen.set(wholeMarket, {
        ...all,
        seconds,
        supply: sum("supply"),
        heldBack: sum("heldBack"),
        hosts: state.hosts.online * seconds,
        bounty: 0,
        inputPricePerMtok: 0,
        outputPricePerMtok: 0,
      })
    }

    const keep = (): void => {
      const nowMicros = clock.nowMicros()
      const seconds = (nowMicros - readMicros) / microsPerSecond
      readMicros = nowMicros
      if (seconds <= 0) return
      const seen = look(seconds)
      counts = new Map()
      // At the end of a minute, what was seen belongs to the minute that ends.
      const second = Math.ceil(nowMillis() / 1000) - 1
      const changed: Array<StoredSample> = []
      for (const range of Object.values(trendRanges)) {
        const { stepSeconds } = range
        const at = second - (second % stepSeconds)
        for (const [subject, figures] of seen) {
          const place = `${stepSeconds} ${subject}`
          const before = present.get(place)
          const after = before?.at === at ? addFigures(before.figures, figures) : figures
          present.set(place, { at, figures: after })
          changed.push({ stepSeconds, subject, at, figures: figuresText(after) })
        }
      }
      store.putSamples(changed)
      for (const { stepSeconds, seconds: kept } of Object.values(trendRanges))
        store.forgetSamples(stepSeconds, second - kept - sparedSpans * stepSeconds)
    }

    driver.addTaker((command) => {
      if (command._tag !== "Finish") return
      const model = directory.instances.get(command.instance)?.model
      if (model === undefined) return
      count(model, {
        [command.outcome === "completed" ? "finished" : "failed"]: 1,
        servedTokens: command.outputTokens,
      })
    })

    let disarm = (): void => {}
    const arm = (): void => {
      const leftMillis = minute * 1000 - (nowMillis() % (minute * 1000))
      disarm = clock.wakeAt(clock.nowMicros() + leftMillis * 1000, () => {
        keep()
        arm()
      })
    }
    arm()

    return {
      noteRefused: (model, reason) => count(model, { refused: { [reason]: 1 } }),
      read: (range, subject) => {
        const { stepSeconds, seconds } = trendRanges[range]
        const from = Math.floor(nowMillis() / 1000) - seconds
        return Effect.map(store.samples({ stepSeconds, subject, from }), (rows) =>
          rows.flatMap((row) => {
            const figures = readFigures(row.figures)
            return figures === undefined ? [] : { at: row.at, figures }
          }),
        )
      },
      close: () => {
        disarm()
        if (!driver.isBroken()) keep()
      },
    }
  })

/** The spans that the process before this one had begun. */
const presentSpans = ({ store, nowMillis }: LiveServices) =>
  Effect.gen(function* () {
    const present = new Map<string, { readonly at: number; readonly figures: Figures }>()
    const second = Math.ceil(nowMillis() / 1000) - 1
    for (const { stepSeconds } of Object.values(trendRanges))
      for (const row of yield* store.samples({
        stepSeconds,
        from: second - (second % stepSeconds),
      })) {
        const figures = readFigures(row.figures)
        if (figures !== undefined)
          present.set(`${stepSeconds} ${row.subject}`, { at: row.at, figures })
      }
    return present
  })

/**
 * Tokens asked of each model since the call before, as the rules count demand. They begin again at the
 * turn of the market's hour: what was asked between the last call and that is not in it.
 */
const makeAsked = ({ driver: { market } }: LiveServices): (() => ReadonlyMap<number, number>) => {
  const ofHour = () =>
    new Map(marketView(market).map(({ model, hourDemandTokens }) => [model, hourDemandTokens]))
  let before = ofHour()
  return () => {
    const now = ofHour()
    const since = new Map(
      [...now].map(([model, tokens]) => {
        const earlier = before.get(model) ?? 0
        return [model, tokens < earlier ? tokens : tokens - earlier]
      }),
    )
    before = now
    return since
  }
}
