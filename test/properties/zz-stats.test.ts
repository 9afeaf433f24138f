import fc from "fast-check"
import { it } from "vitest"
import { hardened } from "../../engine/economies/hardened.ts"
import { pooled } from "../../engine/economies/pooled.ts"
import { eligibilityReasons } from "../../engine/admission/eligibility.ts"
import { anyEconomy } from "./random-economy.ts"
import { beginLife, anyLife } from "./random-market.ts"
it("stats", () => {
  for (const [name, eco] of [["pooled", fc.constant(pooled)], ["hardened", fc.constant(hardened)], ["any", anyEconomy]] as const) {
    const tally = new Map<string, number>()
    const add = (k: string, n = 1) => tally.set(k, (tally.get(k) ?? 0) + n)
    fc.assert(fc.property(eco, anyLife, (e, life) => {
      const l = beginLife(e, "life")
      for (const d of life) l.play(d)
      add("lives"); add("events", l.sent.length); add("deeds", life.length); add("hours", Math.floor(l.market.now/3.6e9))
      for (const s of l.sent) { if (s.event._tag !== "TimerFired") add("E:" + s.event._tag + (s.commands.some(c => c._tag === "Rejected") ? ":rej" : ":ok"))
        for (const c of s.commands) add("C:" + c._tag + ":" + (c._tag === "Refuse" ? c.reason : c._tag === "Rejected" ? c.reason : c._tag === "Post" ? c.kind : c._tag === "Probe" ? c.purpose : c._tag==="Finish" ? (c.bounty>0?"bounty":"")+(c.withheld>0?"withheld":""): c._tag==="Dispatch" ? String(c.attempt) : "")) }
      l.market.reasonCounts.forEach((n, i) => add("R:" + eligibilityReasons[i], n))
    }), { numRuns: 300 })
    console.log(name, JSON.stringify(Object.fromEntries([...tally].sort()), null, 0).replaceAll(",", ", "))
  }
})
