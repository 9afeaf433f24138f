import { Effect } from "effect"
import { NodeContext } from "@effect/platform-node"
import { writeReport } from "../../reports/index.ts"
import { makeRunResult } from "../support/run-result.ts"
const evil = `</script><script>document.title="owned"</script>`
const run = (r: any, d: string) =>
  Effect.runPromise(writeReport(r, d).pipe(Effect.provide(NodeContext.layer))).then((o) =>
    console.log(d, o.notices),
  )
const h = makeRunResult({
  days: 10,
  replications: 2,
  title: `Evil ${evil} <img src=x onerror="document.title='owned'">`,
  scenario: `"><svg onload=alert(1)>`,
  models: [
    "a.b[0]",
    `x"y'z\\`,
    evil,
    "meta-llama/Llama-3.1-405B-Instruct-Turbo-FP8-a-very-long-name-indeed",
    "__proto__",
    "datum.value",
    "m6",
    "m7",
    "m8",
  ],
})
await run(
  { ...h, checks: { ...h.checks, littlesLaw: { ok: false, detail: evil } }, replicationsAsked: 10 },
  "/tmp/w/evil",
)
const one = makeRunResult({ days: 3, replications: 1, nodes: 40, binSeconds: 900 })
await run(
  {
    ...one,
    warmupSeconds: 0,
    replications: one.replications.map((r) => ({
      ...r,
      series: r.series.filter((s) => !/coverage|newcomer|rejected/.test(s.name)),
      histograms: [],
    })),
  },
  "/tmp/w/one",
)
await run({ ...one, metrics: {}, checks: {}, replications: [] }, "/tmp/w/none")
await run(makeRunResult({ days: 364, replications: 10, nodes: 80 }), "/tmp/w/year")
