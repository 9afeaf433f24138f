/** The JSON Schema of scenario files says what the loader says, and the published file is in step. */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import Fastify from "fastify"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import type { JsonObject } from "../../../sim/scenarios/json-schema.ts"
import { scenarioJsonSchema } from "../../../sim/scenarios/json-schema.ts"
import { builtInScenarios, readScenario, scenarioOf } from "../../../sim/scenarios/load.ts"
import type { Tree } from "../../../engine/index.ts"
import { evenkeel } from "../../cli/evenkeel.ts"

const packageRequire = createRequire(import.meta.url)
const fileOf = (name: string) =>
  readFileSync(packageRequire.resolve(`evenkeel/scenarios/${name}`), "utf8")

let base: Tree
let schema: JsonObject
const server = Fastify({
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
})
beforeAll(async () => {
  base = await Effect.runPromise(readScenario("base").pipe(Effect.provide(NodeContext.layer)))
  schema = scenarioJsonSchema()
  server.post("/", { schema: { body: schema } }, () => "valid")
  await server.ready()
})
afterAll(() => server.close())

/** What an editor would say of the file: nothing where it is right. */
const problemWith = async (tree: unknown): Promise<string> => {
  const { statusCode, body } = await server.inject({
    method: "POST",
    url: "/",
    headers: { "content-type": "application/json" },
    payload: JSON.stringify(tree),
  })
  return statusCode === 200 ? "" : String(JSON.parse(body).message)
}

/** Hours are sold in some region, or what is set of them goes with nothing. */
const hoursSold = [
  "economy=aitbc",
  "hours.regions=[{name: europe, timezone: Europe/Berlin, hosts: 1, renters: 1}]",
  "hours.listings.share=1",
  "hours.listings.maxJobs=1024",
]

const isLoaded = (assignment: string): Promise<boolean> =>
  scenarioOf(base, "base", [
    ...(assignment.startsWith("hours.") ? hoursSold : []),
    ...(assignment.startsWith("demand.batches.") ? ["economy=aitbc"] : []),
    assignment,
  ]).pipe(Effect.isSuccess, Effect.provide(NodeContext.layer), Effect.runPromise)

interface Setting {
  readonly path: ReadonlyArray<string>
  readonly schema: JsonObject
}

/** Every single setting outside lists that has a range, a type or choices. */
const settingsOf = (group: JsonObject, path: ReadonlyArray<string> = []): ReadonlyArray<Setting> =>
  Object.entries((group["properties"] ?? {}) as JsonObject).flatMap(([name, value]) => {
    const own = value as JsonObject
    const below = [...path, name]
    const parts = own["anyOf"] as ReadonlyArray<JsonObject> | undefined
    if (name === "economy") return settingsOf(parts?.[1] as JsonObject, below)
    if ("properties" in own) return settingsOf(own, below)
    return "type" in own || "enum" in own ? [{ path: below, schema: own }] : []
  })

const treeOf = (path: ReadonlyArray<string>, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)

describe("the JSON Schema of scenarios", () => {
  it("is printed by evenkeel scenario schema", async () => {
    const { code, stdout } = await evenkeel(["scenario", "schema"])
    expect(code).toBe(0)
    expect(stdout).toBe(fileOf("scenario.schema.json"))
  })

  it("is published as it is made", () => {
    expect(
      fileOf("scenario.schema.json"),
      "npx evenkeel scenario schema > sim/scenarios/scenario.schema.json",
    ).toBe(`${JSON.stringify(schema, null, 2)}\n`)
  })

  it("accepts every scenario that Evenkeel ships, and files that state only what differs", async () => {
    for (const name of ["base", ...builtInScenarios])
      expect(await problemWith(parse(fileOf(`${name}.yaml`))), name).toBe("")
    for (const tree of [
      {},
      { extends: "quickstart", economy: "hardened" },
      { economy: { extends: "pooled", bounty: { maxMultiplier: 3 } }, warmupDays: null },
      { demand: { trace: { path: "trace.csv", speed: 2, jitterSeconds: 0 } } },
      { seed: 7 },
    ])
      expect(await problemWith(tree), JSON.stringify(tree)).toBe("")
  })

  it.each([
    [{ fleet: { nods: 5 } }],
    [{ fleet: { nodes: 1.5 } }],
    [{ fleet: { nodes: "many" } }],
    [{ economy: "none" }],
    [{ economy: { feeBps: 10_001 } }],
    [{ demand: { arrivals: "sometimes" } }],
    [{ models: [{ name: "llama-3-8b" }] }],
    [{ models: [] }],
    [{ horizonDays: 0 }],
    [{ name: "" }],
  ])("refuses %j, as the loader does", async (tree) => {
    expect(await problemWith(tree)).not.toBe("")
  })

  it("states each range and each choice as the loader has it", async () => {
    const settings = settingsOf(schema)
    expect(settings.length).toBeGreaterThan(80)
    let bounds = 0
    for (const { path, schema: own } of settings) {
      const tries: Array<unknown> = []
      const name = path.join(".")
      if (name === "extends" || name === "economy.extends") continue
      for (const key of ["minimum", "maximum", "exclusiveMinimum"]) {
        const bound = own[key]
        if (typeof bound !== "number") continue
        bounds++
        const step = own["type"] === "integer" ? 1 : 1e-6 * Math.max(1, Math.abs(bound))
        tries.push(bound, bound - step, bound + step)
      }
      if (own["type"] === "integer") tries.push(Number(own["minimum"]) + 0.5)
      for (const choice of (own["enum"] ?? []) as ReadonlyArray<unknown>) tries.push(choice)
      if ("enum" in own) tries.push("something else")
      for (const value of tries)
        expect(
          (await problemWith(treeOf(path, value))) === "",
          `${name}=${String(value)} to the schema and to the loader`,
        ).toBe(await isLoaded(`${name}=${JSON.stringify(value)}`))
    }
    expect(bounds).toBeGreaterThan(80)
  })

  it("gives each setting a meaning or a range in words, and the default that it has", async () => {
    for (const { path, schema: own } of settingsOf(schema)) {
      const name = path.join(".")
      if (path[0] === "economy" && path.length > 2) {
        expect(own["description"], name).toMatch(/Unit: /)
        expect(own, name).toHaveProperty("default")
      }
      if ((own["type"] === "number" || own["type"] === "integer") && !("enum" in own))
        expect(own["description"], name).toMatch(/\w/)
    }
    const nodes = (schema["properties"] as { fleet: { properties: { nodes: JsonObject } } }).fleet
      .properties.nodes
    expect(nodes).toMatchObject({
      type: "integer",
      minimum: 1,
      maximum: 200_000,
      default: (base["fleet"] as Tree)["nodes"],
    })
  })
})
