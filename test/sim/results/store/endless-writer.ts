/** Writes one run after the other to the path it is given, until it is killed: for store.test.ts. */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { writeRun } from "../../../../sim/results/store/store.ts"
import { makeRunResult } from "../../../support/run-result.ts"

const path = process.argv.at(-1) ?? ""
const result = makeRunResult({ replications: 2, days: 2, nodes: 12 })

await Effect.runPromise(
  Effect.gen(function* () {
    for (let generation = 1; ; generation++) {
      yield* writeRun(path, { ...result, title: `${process.pid}/${generation}` })
      if (generation === 1) process.stdout.write("writing\n")
    }
  }).pipe(Effect.provide(NodeContext.layer)),
)
