/** Splitting a flow into accounts of one party gains no turns in the queue of the hardened market, and does by the letter. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { runArms, keyOfArm } from "../../../sim/claims/arm.ts"
import { queueAttacks } from "../../../sim/claims/queue-attacks.ts"
import { layerInline } from "../../../sim/experiment/replicators.ts"

const gain = "party.subject.gain"

/** What so many accounts gain ÷ what one does, replication by replication. */
const ratiosOf = async (economy: string, accounts: number): Promise<ReadonlyArray<number>> => {
  const way = queueAttacks.find(({ id }) => id === "queue-splitting")?.ways[0]
  if (way === undefined) throw new Error("splitting is not tried")
  const one = {
    scenario: way.scenario,
    settings: [`economy=${economy}`, ...way.both, "horizonDays=0.5"],
  }
  const attack = way.attack.map((setting) => setting.replace(/puppets=\d+/, `puppets=${accounts}`))
  const many = { ...one, settings: [...one.settings, ...attack] }
  const results = await runArms(
    [one, many],
    { seed: "splitting", replications: 2 },
    () => Effect.void,
  ).pipe(Effect.provide(Layer.merge(layerInline, NodeContext.layer)), Effect.runPromise)
  const [honest, split] = [one, many].map((arm) => results.get(keyOfArm(arm))?.metrics ?? [])
  return split.map((values, index) => values[gain] / honest[index][gain])
}

describe("a flow that is split into accounts of one party", () => {
  it.each([2, 8])("gains 2%% at most in the hardened market, of %i accounts", async (accounts) => {
    for (const ratio of await ratiosOf("aitbc-hardened", accounts))
      expect(Math.abs(ratio - 1)).toBeLessThanOrEqual(0.02)
  })

  it("gains where turns are by account", async () => {
    for (const ratio of await ratiosOf("aitbc", 8)) expect(ratio).toBeGreaterThan(1.5)
  })
})
