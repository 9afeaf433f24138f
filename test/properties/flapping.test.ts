/**
 * Invariant 17, and rule 10's "follows the node", over lives of little else than instances that start,
 * stop, drain and switch on nodes that come and go: the reduction is the naive market's after every
 * event, and it never rises but by a switch.
 */
import fc from "fast-check"
import { describe, it } from "vitest"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import { nodeView } from "../../engine/market/views/node-view.ts"
import { economyWith } from "../support/market.ts"
import { assertProperty } from "../support/property.ts"
import { ensure } from "./ensure.ts"
import { beginLife, lifeOf } from "./random-market.ts"

const life = lifeOf(
  "start",
  "stop",
  "drain",
  "switchModel",
  "registerNode",
  "removeNode",
  "openAccount",
  "link",
  "listModel",
  "wait",
)

const flap = fc.record({
  initialReduction: fc.constantFrom(0.1, 0.5),
  maxReduction: fc.constantFrom(0.9, 1),
  decayHours: fc.constantFrom(2, 24, 72),
})

describe("a life of switches", () => {
  it("is reduced as by one who keeps every seat in mind", async () => {
    await assertProperty(
      fc.property(flap, life, (knobs, deeds) => {
        const { market, naive, play } = beginLife(economyWith({ flap: knobs }, pooled), "flapping")
        let before = new Map<number, number>()
        for (const deed of deeds) {
          play(deed)
          const after = new Map(
            [...naive.nodes.keys()].map((node) => [node, nodeView(market, node)?.reduction ?? 0]),
          )
          for (const [node, reduction] of after)
            ensure(
              deed.kind !== "wait" || reduction <= (before.get(node) ?? 0),
              "17: it never rises between switches",
              () => ({ node, reduction }),
            )
          before = after
        }
      }),
    )
  })
})
