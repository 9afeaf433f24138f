/** Batches in the simulator: what is taken, when its items are answered, and what it costs whom. */
import { describe, expect, it } from "vitest"
import { metricsAfter } from "../../../../sim/metrics/of-replication.ts"
import type { Patch } from "../small-world.ts"
import { modelCalled, openReplication, runToEnd, scenarioWith } from "../small-world.ts"

/** Two small machines for two days, with few calls. */
const outcomeOf = (batches: Patch, patch: Patch = {}) => {
  const { demand, ...others } = patch
  const scenario = scenarioWith({
    horizonDays: 2,
    warmupDays: 0,
    economy: { extends: "aitbc" },
    fleet: { nodes: 2, establishedDays: 1, devices: [{ device: "RTX 3060 12GB", weight: 1 }] },
    consumers: { count: 5 },
    ...others,
    demand: {
      requestsPerSecond: 0.005,
      batches: {
        perDay: 6,
        clients: 3,
        items: 20,
        inputTokens: 500,
        outputTokens: 400,
        ...batches,
      },
      ...(demand as Patch | undefined),
    },
  })
  const result = runToEnd(openReplication(scenario))
  for (const [name, { ok, detail }] of Object.entries(result.checks))
    expect(ok, `${name}: ${detail}`).toBe(true)
  return metricsAfter(scenario, { _tag: "Done", index: 0, wallSeconds: 0, result })
}

describe("batches", () => {
  it("are taken, answered whole and charged at the discount", () => {
    const metrics = outcomeOf({})
    expect(metrics["batches.takenShare"]).toBe(1)
    expect(metrics["batches.doneShare"]).toBe(1)
    // 500 · 30 + 400 · 60 a call, of which three tenths are taken off.
    const perItem = (0.7 * (500 * 30 + 400 * 60)) / 1e6
    const charged = metrics["batches.chargedPerDay"] / metrics["batches.itemsPerDay"]
    expect(charged / perItem).toBeGreaterThan(0.95)
    expect(charged / perItem).toBeLessThan(1.05)
  })

  it("are none of the calls that people wait for", () => {
    const calls = (batches: Patch) => {
      const { "requests.perSecond": perSecond, "requests.rejectedShare": rejected } =
        outcomeOf(batches)
      return { perSecond, rejected }
    }
    expect(calls({ items: 5 })).toEqual(calls({ perDay: 0 }))
  })

  it("are not done where there is no room for them, and are not charged for what is not", () => {
    const metrics = outcomeOf({ perDay: 12, items: 3000, outputTokens: 2000, windowHours: 3 })
    expect(metrics["batches.doneShare"]).toBeLessThan(0.5)
    expect(metrics["batches.items.done"]).toBeGreaterThan(0)
    expect(metrics["batches.items.done"]).toBeLessThan(0.9)
  })

  it("are taken in the hardened economy as far as they fit what was idle", () => {
    const huge = { perDay: 12, items: 3000, outputTokens: 2000 }
    const hardened = { economy: { extends: "aitbc-hardened" } }
    expect(outcomeOf(huge, hardened)["batches.takenShare"]).toBeLessThan(0.7)
    expect(outcomeOf({}, hardened)["batches.takenShare"]).toBe(1)
  })
})

describe("a party", () => {
  const subject = (more: Patch): Patch => ({
    models: [modelCalled("llama-3-8b"), modelCalled("llama-3.2-3b", { popularity: 0 })],
    parties: [
      { name: "subject", device: "RTX 3060 12GB", model: "llama-3-8b", machines: 1, ...more },
    ],
  })

  it("that pads its batches pays less, until any size has the discount", () => {
    const gain = (dummies: number, economy: string) => {
      const batches = { perDay: 12, model: "llama-3-8b", items: 8, dummies, worth: 2 }
      const tokens = { inputTokens: 500, outputTokens: 2000 }
      const idle = { requestsPerSecond: 0.00001 }
      return outcomeOf(
        { perDay: 0 },
        {
          ...subject({ model: "llama-3.2-3b", batches: { ...batches, ...tokens } }),
          demand: idle,
          economy: { extends: economy },
        },
      )["party.subject.gain"]
    }
    expect(gain(2, "aitbc")).toBeGreaterThan(gain(0, "aitbc") + 1)
    expect(gain(2, "aitbc-hardened")).toBeLessThan(gain(0, "aitbc-hardened"))
  })

  it("that runs a small model under a large one's name is paid for the large one", () => {
    const passesOff = (accuracy: number | null, economy: string) =>
      outcomeOf(
        { perDay: 0 },
        {
          models: [
            modelCalled("llama-3-8b"),
            modelCalled("llama-3-70b", { outputPricePerMtok: 320, initialSupply: 0, accuracy }),
          ],
          parties: [
            {
              name: "subject",
              device: "RTX 3060 12GB",
              model: "llama-3-70b",
              machines: 1,
              conduct: { runsModel: "llama-3-8b" },
            },
          ],
          demand: { requestsPerSecond: 0.01 },
          economy: { extends: economy },
        },
      )["party.subject.share"]
    expect(passesOff(null, "aitbc")).toBeGreaterThan(0)
    expect(passesOff(0.95, "aitbc")).toBeGreaterThan(0)
    // Where the market measures by itself, it serves nothing.
    expect(passesOff(0.95, "aitbc-hardened")).toBe(0)
  })
})
