/** Suggestions in words, with the arithmetic that each follows from. */
import { microsPerHour } from "../../engine/index.ts"
import type { Suggestion } from "../analytics/suggestions.ts"
import { neededHours, suggestionsFor } from "../analytics/suggestions.ts"
import type { GpuSuggestions, SuggestionView } from "../protocol/figures-protocol.ts"
import { creditsOf } from "../views/credits.ts"
import type { Listed } from "./gpus.ts"
import type { FactParts } from "./suggestion-facts.ts"
import { factsOf } from "./suggestion-facts.ts"

export const suggestionsOf = (parts: FactParts, listed: Listed): GpuSuggestions => {
  const { calendar, services } = parts
  const { facts, from, until } = factsOf(parts, listed)
  const words: Words = {
    gpuId: listed.host.publicId,
    multiplier: listed.listing.multiplierBps / 10_000,
    credits: (minor) => creditsOf(services.driver.market, minor),
    feeText: `less the platform's ${(10_000 - facts.shareBps) / 100}%`,
  }
  const isReady = facts.dataHours >= neededHours
  return {
    gpu_id: listed.host.publicId,
    from: calendar.isoOf(from),
    until: calendar.isoOf(until),
    data_hours: Math.round(facts.dataHours * 10) / 10,
    needed_hours: neededHours,
    ready_at: isReady
      ? null
      : calendar.isoOf(until + (neededHours - facts.dataHours) * microsPerHour),
    suggestions: suggestionsFor(facts).map((one) => inWords(one, words)),
  }
}

interface Words {
  readonly gpuId: string
  readonly multiplier: number
  readonly credits: (minor: number) => string
  readonly feeText: string
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`
const hours = (count: number): string => `${Math.round(count * 10) / 10} h`
const notMeasured = "Not measured"

const inWords = (suggestion: Suggestion, words: Words): SuggestionView => {
  const update = `evenkeel gpu update --gpu-id ${words.gpuId}`
  const { credits } = words
  switch (suggestion.kind) {
    case "price": {
      const { rate, median, utilisation, elasticity, change } = suggestion
      // The base price that makes the rate the median, at the strategy's multiplier of now.
      const base = credits(Math.max(1, Math.round(median / words.multiplier)))
      return {
        suggestion: "lower_price",
        description: `Ask the region's median, ${credits(median)} credits an hour: it asks more, and less than half of its hours are sold`,
        arithmetic: [
          `price ${credits(rate)} > the region's median ${credits(median)}`,
          `utilisation ${percent(utilisation)} < 50%`,
          elasticity === undefined
            ? "elasticity of the region: not measured, for that takes the machines of five providers at different prices"
            : `elasticity of the region ${elasticity.value.toFixed(2)}, between the cheaper and the dearer half of ${elasticity.machines} machines`,
          ...(change === undefined || elasticity === undefined
            ? []
            : [
                `hours in 30 days: ${hours(change.hoursBefore)} × (1 + ${elasticity.value.toFixed(2)} × ${percent((median - rate) / rate)}) → ${hours(change.hoursAfter)}`,
              ]),
        ],
        ...impactOf(change, words),
        implementation_steps: [
          `${update} --base-price ${base}`,
          "Look again after 48 hours, with evenkeel suggestions",
        ],
      }
    }
    case "openHours": {
      const { hours: closed, utilisation, change } = suggestion
      const named = closed.map((hour) => `${hour}–${hour + 1} h`).join(", ")
      return {
        suggestion: "open_top_hours",
        description: `Open ${named}: ${closed.length} of the hours in which most is sold in its region, by the region's clock`,
        arithmetic: [
          `closed in ${closed.length} of the region's top hours (a quarter of the day), 2 or more`,
          utilisation === undefined
            ? "its own utilisation is not known"
            : `its own utilisation ${percent(utilisation)}, taken for these hours too`,
          ...(change === undefined
            ? []
            : [
                `hours in 30 days: ${hours(change.hoursBefore)} → ${hours(change.hoursAfter)}, at the price of now`,
              ]),
        ],
        ...impactOf(change, words),
        implementation_steps: [
          `Write a schedule with these hours, such as schedule.yaml`,
          `${update} --schedule schedule.yaml`,
        ],
      }
    }
    case "guard":
      return {
        suggestion: "guard_utilization",
        description:
          "Switch to utilization-guard: it lowers the price step by step while nothing is sold, and raises it again",
        arithmetic: [`nothing sold for ${hours(suggestion.idleHours)} ≥ 24 h, and nothing ahead`],
        impact: notMeasured,
        impact_credits: null,
        implementation_steps: [`${update} --strategy utilization-guard`],
      }
    case "fewerJobs": {
      const { failures, jobs } = suggestion
      const seen = Number.isFinite(failures.count) ? `, of ${failures.count}` : ""
      return {
        suggestion: "fewer_jobs",
        description: `Take fewer jobs at once, ${jobs}: too many of its ${failures.of} fail`,
        arithmetic: [`${percent(failures.rate)} of its ${failures.of} failed${seen} > 10%`],
        impact: notMeasured,
        impact_credits: null,
        implementation_steps: [
          `${update} --max-jobs ${jobs}`,
          "Look at the machine's log: memory, temperature, and whether the model fits",
        ],
      }
    }
    case "rebuild":
      return {
        suggestion: "rebuild_reputation",
        description: "Ask less for seven days, until its reputation is that of its region again",
        arithmetic: [
          `reputation ${suggestion.own.toFixed(2)} < the region's lower quartile ${suggestion.lowerQuartile.toFixed(2)}`,
        ],
        impact: notMeasured,
        impact_credits: null,
        implementation_steps: [
          `${update} --base-price ${credits(suggestion.rate)}`,
          "Raise it again after seven days",
        ],
      }
  }
}

const impactOf = (
  change: { readonly before: number; readonly after: number } | undefined,
  { credits, feeText }: Words,
): Pick<SuggestionView, "impact" | "impact_credits"> => {
  if (change === undefined) return { impact: notMeasured, impact_credits: null }
  const { before, after } = change
  const difference = after - before
  const signed = `${difference < 0 ? "-" : ""}${credits(Math.abs(difference))}`
  return {
    impact: `${difference < 0 ? "Less: " : ""}${signed} credits in 30 days: ${credits(before)} → ${credits(after)}, ${feeText}`,
    impact_credits: signed,
  }
}
