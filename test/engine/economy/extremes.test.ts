import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { deriveEconomy, knobRows } from "../../../engine/economy/derive.ts"
import { economies } from "../../../engine/economy/presets/index.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { call, openSmallMarket } from "../../support/market.ts"
import { isLong } from "../../support/property-runs.ts"

const dayMicros = 86_400e6
/** Of these, a knob's least and most are among those that it allows. */
const candidates = [0, 1e-9, 1e-3, 0.01, 0.5, 1, 2, 10, 100, 1000, 1024, 10_000, 1e6, 1e9]

const patchOf = (path: string, value: unknown): unknown =>
  path.split(".").reduceRight((inner, key) => ({ [key]: inner }), value)

const withKnob = (economy: Economy, path: string, value: number): Economy | undefined =>
  Either.getOrUndefined(deriveEconomy(economy, patchOf(path, value)))

/** A week of a small market, a month in the long run: calls that are served and that fail, between long silences. */
const silences = isLong ? [0, 0.01, 0.3, 2, 30] : [0, 0.01, 0.3, 2, 5]
const live = (economy: Economy): void => {
  const trial = openSmallMarket({ economy, nodes: 3, slots: 2 })
  let request = 0
  for (const days of silences) {
    trial.wait(Math.round(days * dayMicros))
    for (const outcome of ["completed", "stalled", "connectFailed", "consumerError"] as const)
      call(trial, ++request, outcome)
    auditMarket(trial.market)
  }
}

describe.each(Object.values(economies))("an economy: $name", (economy) => {
  const numbers = knobRows(economy).filter(({ value }) => typeof value === "number")

  it.each(numbers)("holds at the least and the most that $path allows", ({ path }) => {
    const allowed = candidates.flatMap((value) => withKnob(economy, path, value) ?? [])
    expect(allowed.length).toBeGreaterThan(0)
    for (const one of [allowed[0], allowed.at(-1)]) live(one!)
  })
})
