/**
 * How somebody prices the tokens of its nodes, where hosts set prices. Of the numbers each strategy reads
 * its own, and the others stay at their defaults.
 */
import { Schema } from "effect"
import { Settings } from "../../engine/index.ts"
import { priceStrategyNames } from "../agents/prices/strategies.ts"

const { factor, number, oneOf } = Settings
const { setting, shareAbove0, withDefault } = Settings

const step = number("a share", { above: 0, most: 1 })

export const priceFields = {
  strategy: setting(oneOf(...priceStrategyNames), {
    meaning:
      "list: what the platform lists; undercutter: below the cheapest rival with room, never below its cost; cost-plus: its cost and a margin; premium: above the median; probing: by what it earned; predator: low until rivals have left, then a jump; flicker: low and high by turns.",
  }),
  step: withDefault(step, {
    default: 0.05,
    unit: "of the price",
    meaning:
      "undercutter: how far below; probing: how far apart the prices that it tries; flicker and predator: how far their low price is below the list.",
    source:
      "assumed: small against the differences between hosts that sell through routers of models",
  }),
  margin: withDefault(number("a share", { least: 0, most: 100 }), {
    default: 0.25,
    unit: "of the cost",
    meaning: "cost-plus: what it wants beyond its cost.",
    source: "assumed: the middle of the margins usual among cloud resellers",
  }),
  expectedUtilisation: withDefault(shareAbove0, {
    default: 0.5,
    unit: "of its slots, over time",
    meaning: "cost-plus: how busy it expects to be; its cost is spread over so many tokens.",
    source: "assumed: the load that the other scenarios are planned for",
  }),
  factor: withDefault(factor(1, 1000), {
    default: 1.25,
    unit: "times",
    meaning:
      "premium: its price ÷ the median of its rivals; predator and flicker: their high price ÷ the list price.",
    source: "assumed",
  }),
} as const

export const PriceSettings = Schema.Struct(priceFields)
export type PriceSettings = typeof PriceSettings.Type
