/**
 * A user's own strategy, kind of consumer and source of demand: from outside, the program of
 * docs/extending.md against the package as npm packs it; from within, what takes whose place.
 */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either, Ref } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Extensions, Finished, OperatorView } from "../../sim/index.ts"
import {
  consumerKinds,
  layerInline,
  layerThreads,
  ownedMachine,
  plainConsumer,
  runExperiment,
  stays,
  strategies,
} from "../../sim/index.ts"
import { modelCalled, scenarioWith } from "./driver/small-world.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

describe("a program of a user's", () => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-extending-"))
  const modules = join(folder, "node_modules")
  afterAll(() => rmSync(folder, { recursive: true }))

  /** The package as a user has it: unpacked, with its dependencies beside it, and nothing fetched. */
  beforeAll(() => {
    const run = (command: string, words: ReadonlyArray<string>) =>
      execFileSync(command, [...words], { cwd: root, encoding: "utf8", shell: command === "npm" })
    const packed = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder])
    const [{ filename }] = JSON.parse(packed) as ReadonlyArray<{ readonly filename: string }>
    mkdirSync(join(modules, "evenkeel"), { recursive: true })
    const tarball = join(folder, filename)
    run("tar", ["-xzf", tarball, "-C", join(modules, "evenkeel"), "--strip-components=1"])
    const { dependencies } = JSON.parse(
      readFileSync(join(modules, "evenkeel/package.json"), "utf8"),
    ) as { readonly dependencies: Readonly<Record<string, string>> }
    for (const name of Object.keys(dependencies)) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(root, "node_modules", name), join(modules, name), "junction")
    }
  }, 120_000)

  it("as docs/extending.md shows it, runs against the packed package", () => {
    const page = readFileSync(join(root, "docs/extending.md"), "utf8")
    const text = /```js\n([^]*?)```/.exec(page)?.[1] ?? ""
    writeFileSync(join(folder, "my-market.mjs"), text)
    const printed = execFileSync(process.execPath, ["my-market.mjs"], {
      cwd: folder,
      encoding: "utf8",
    })
    const [rate, profit, checks] = printed.trim().split("\n")
    // A call every twenty seconds, apart from those that wait for the night at the end.
    expect(rate).toMatch(/^requests\.perSecond: 0\.0[345]\d* 1\/s$/)
    expect(profit).toMatch(/^profit\.by\.office-hours: -?\d+\.\d+ credits\/d$/)
    expect(checks).toBe("all checks held: true")
  }, 120_000)
})

const scenario = scenarioWith({
  horizonDays: 0.5,
  warmupDays: 0,
  models: [modelCalled("llama-3-8b")],
  fleet: { nodes: 6, establishedDays: 14 },
  consumers: { count: 3 },
  demand: { requestsPerSecond: 0.05 },
})

const run = (extensions: Extensions, layer = layerInline) =>
  Effect.gen(function* () {
    const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
    const options = {
      replications: 1,
      seed: "test",
      isChecked: true,
      command: "",
      onProgress: () => Effect.void,
      extensions,
    }
    return yield* runExperiment({ scenario, trace: undefined }, options, finished)
  }).pipe(Effect.provide([NodeContext.layer, layer]))

const messageOf = async (extensions: Extensions, layer = layerInline) => {
  const outcome = await Effect.runPromise(Effect.either(run(extensions, layer)))
  return Either.isLeft(outcome) ? `${outcome.left._tag}: ${outcome.left.message}` : "it ran"
}

describe("extensions", () => {
  it("take the place of what the scenario says, and see what built-in ones see", async () => {
    const seen: Array<OperatorView> = []
    const decide = (view: OperatorView) => {
      seen.push(view)
      return stays
    }
    const kind = { ...plainConsumer, size: 3 }
    const own = await Effect.runPromise(
      run({
        strategies: [
          { name: "watch", strategy: { ...ownedMachine, everyHours: 2, decide }, weight: 1 },
        ],
        consumerKinds: [{ kind, weight: 1 }],
        openSource: (_streams, startMicros) => {
          let at = startMicros
          return {
            model: 0,
            inputTokens: 10,
            outputTokens: 100,
            nextMicros: () => (at += 600_000_000),
            read: () => {},
          }
        },
      }),
    )
    // Six nodes, each of which decides five times in twelve hours, one way or another.
    expect(seen.length).toBeGreaterThanOrEqual(6 * 4)
    expect(seen.length).toBeLessThanOrEqual(6 * 6)
    expect(seen[0]).toMatchObject({ current: 0, outlooks: [{ model: 0 }] })
    const [replication] = own.replications
    expect(replication.requests).toBe(72)
    expect(replication.nodes.reduce((sum, { outputTokens }) => sum + outputTokens, 0)).toBe(
      72 * 300,
    )
    expect(Object.keys(own.metrics)).toContain("profit.by.watch")
  })

  it("that are what the scenario says anyway change nothing", async () => {
    const same = {
      strategies: [{ name: "profit", strategy: strategies.profit, weight: 1 }],
      consumerKinds: [{ kind: consumerKinds.steady, weight: 1 }],
    }
    const [one, other] = await Effect.runPromise(Effect.all([run({}), run(same)]))
    expect(other.digest).toBe(one.digest)
  })

  it("that cannot be run are refused before anything is, with every reason", async () => {
    const strategy = { ...ownedMachine, decide: () => stays }
    const named = (name: string, weight = 1) => ({ name, strategy, weight })
    expect(await messageOf({ strategies: [named("profit")] })).toBe(
      'ExtensionsInvalid: extensions.strategies.0.name: "profit" is a built-in strategy; give yours another name',
    )
    expect(
      await messageOf({
        strategies: [named("mine"), named("mine", -1)],
        consumerKinds: [{ kind: plainConsumer, weight: 0 }],
      }),
    ).toBe(
      [
        'ExtensionsInvalid: extensions.strategies.1.name: another strategy is called "mine"',
        "extensions.strategies.1.weight: expected a number of 0 or more, got -1",
        "extensions.consumerKinds: at least one needs a weight above 0",
      ].join("\n"),
    )
  })

  it("stay on their thread", async () => {
    const consumers = [{ kind: plainConsumer, weight: 1 }]
    expect(await messageOf({ consumerKinds: consumers }, layerThreads(1))).toMatch(
      /^ReplicationFailed: .*provide layerInline in place of layerThreads$/,
    )
  })
})
