import { Effect } from "effect"
import { NodeContext } from "@effect/platform-node"
import { writeReport, metricsTable } from "../../reports/index.ts"
import { makeRunResult } from "../support/run-result.ts"
const r = makeRunResult()
const t = performance.now()
const out = await Effect.runPromise(
  writeReport(r, process.argv.at(-1)!).pipe(Effect.provide(NodeContext.layer)),
)
console.log(performance.now() - t, out.files.length, out.notices)
console.log(metricsTable(r))
console.log(metricsTable(r, { colour: true, width: 90 }))
