/** Scenarios by name and from files: what extends what, and what a user is told of what is wrong. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { economies } from "../../../engine/index.ts"
import { builtInScenarios, loadScenario } from "../../../sim/scenarios/load.ts"
import { ScenarioInvalid } from "../../../sim/settings/scenario-error.ts"
import { publishedPrices } from "../../../sim/fleet/published-prices.ts"
import type { Scenario } from "../../../sim/scenarios/schema.ts"

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-scenarios-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a file of this test's own and returns its path. */
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const load = (name: string, ...sets: ReadonlyArray<string>): Promise<Scenario> =>
  Effect.runPromise(loadScenario(name, sets).pipe(Effect.provide(NodeContext.layer)))

/** What a user is told; fails on anything that is no error of a scenario. */
const problem = async (name: string, ...sets: ReadonlyArray<string>): Promise<ScenarioInvalid> => {
  const result = await Effect.runPromise(
    Effect.either(loadScenario(name, sets)).pipe(Effect.provide(NodeContext.layer)),
  )
  if (Either.isRight(result)) throw new Error("was not refused")
  expect(result.left).toBeInstanceOf(ScenarioInvalid)
  return result.left
}

/** The one thing that is wrong. */
const issue = async (name: string, ...sets: ReadonlyArray<string>) => {
  const { issues } = await problem(name, ...sets)
  expect(issues.length).toBe(1)
  return issues[0]
}

/** Of those that are not about requests at the platform's prices. */
const economyOf: Readonly<Record<string, string>> = {
  "host-prices": "infrintia",
  "day-and-night": "aitbc",
  "strategies-of-price": "aitbc",
  unreliable: "aitbc",
  disputes: "aitbc",
  contracts: "aitbc",
  reserved: "aitbc",
  "swarm-pricing": "aitbc",
  "batch-nights": "aitbc",
}

/** Calls that are charged by their time, for tiers. */
const timed = { tokens: "listing", timeoutSeconds: 300 }

describe("built-in scenarios", () => {
  it.each([...builtInScenarios, "base"])("%s can be run as it is", async (name) => {
    const scenario = await load(name)
    expect(scenario.name).toBe(name)
    expect(scenario.title.length).toBeGreaterThan(10)
    const economy = economies[economyOf[name] ?? "pooled"]
    expect(scenario.economy).toEqual(
      name === "service-classes"
        ? {
            ...economies["aitbc"],
            name: scenario.economy.name,
            meaning: scenario.economy.meaning,
            pricing: { ...economies["aitbc"].pricing, ...timed },
          }
        : economy,
    )
  })

  it.each([...builtInScenarios])("%s says what there is to see in it", async (name) => {
    expect((await load(name)).about.length).toBeGreaterThan(200)
  })

  it.each([...builtInScenarios, "base"])("%s asks the published prices", async (name) => {
    const { models, operators } = await load(name)
    for (const model of models) {
      const listed = publishedPrices.find((price) => price.model === model.name)
      expect(model.inputPricePerMtok * operators.creditUsd).toBeCloseTo(
        listed?.inputUsdPerMtok ?? NaN,
        9,
      )
      expect(model.outputPricePerMtok * operators.creditUsd).toBeCloseTo(
        listed?.outputUsdPerMtok ?? NaN,
        9,
      )
    }
  })

  it.each([...builtInScenarios, "base"])("%s counts 1,000 credits a dollar", async (name) => {
    expect((await load(name)).operators.creditUsd).toBe(0.001)
  })

  it("say what differs from base, and nothing more than that", async () => {
    const base = await load("base")
    const newcomer = await load("newcomer")
    expect(newcomer.fleet).toEqual({
      ...base.fleet,
      nodes: 10,
      establishedShare: 0.5,
      establishedDays: 30,
      maxSlots: 8,
    })
    expect(newcomer.faults).toEqual(base.faults)
  })
})

describe("a file", () => {
  it("extends base where it names nothing", async () => {
    const scenario = await load(file("plain.yaml", "name: plain\nfleet: { nodes: 7 }\n"))
    const base = await load("base")
    expect(scenario).toEqual({ ...base, name: "plain", fleet: { ...base.fleet, nodes: 7 } })
  })

  it("extends a built-in scenario, and other files beside or above it, link by link", async () => {
    file("one.yaml", "extends: newcomer\nhorizonDays: 3\nfleet: { nodes: 11 }\n")
    file("deep/two.yaml", "extends: ../one.yaml\nfleet: { maxSlots: 2 }\nwarmupDays: 1\n")
    const last = file("deep/three.yaml", "extends: two.yaml\nname: three\nwarmupDays: 2\n")
    const newcomer = await load("newcomer")
    expect(await load(last)).toEqual({
      ...newcomer,
      name: "three",
      horizonDays: 3,
      warmupDays: 2,
      fleet: { ...newcomer.fleet, nodes: 11, maxSlots: 2 },
    })
  })

  it("replaces lists as a whole", async () => {
    const devices = "fleet: { devices: [{ device: L40S, weight: 3 }] }"
    const scenario = await load(file("lists.yaml", `extends: quickstart\n${devices}\n`))
    expect(scenario.fleet.devices).toEqual([{ device: "L40S", weight: 3 }])
    expect(scenario.fleet.nodes).toBe(56)
  })

  it("takes an economy by name, or knobs laid over one", async () => {
    const named = await load(file("named.yaml", "economy: hardened\n"))
    expect(named.economy).toEqual(economies["hardened"])
    file("parent.yaml", "economy: { extends: hardened, feeBps: 900, bounty: { target: 2 } }\n")
    const child = await load(file("child.yaml", "extends: parent.yaml\neconomy: { feeBps: 800 }\n"))
    expect(child.economy.feeBps).toBe(800)
    expect(child.economy.bounty).toEqual({ ...economies["hardened"].bounty, target: 2 })
  })

  it("may not extend itself, by any way round", async () => {
    const own = file("own.yaml", "extends: own.yaml\n")
    expect((await issue(own)).path).toBe("extends")
    expect((await issue(own)).message).toBe(`extends itself: ${own} → ${own}`)
    const a = file("a.yaml", "extends: deep/b.yaml\n")
    const b = file("deep/b.yaml", "extends: c.yaml\n")
    const c = file("deep/c.yaml", "extends: ../a.yaml\n")
    expect((await issue(a)).message).toBe(`extends itself: ${[a, b, c, a].join(" → ")}`)
  })

  it("may extend a name or a path, and nothing else", async () => {
    const { path, message } = await issue(file("list.yaml", "extends: [a, b]\n"))
    expect([path, message]).toEqual(["extends", "expected a scenario's name or a file's path"])
  })

  it("that is not there is told from the names that are", async () => {
    const { message } = await problem("quickstrat")
    expect(message).toBe(
      "quickstrat is not a scenario that can be run:\n" +
        "  no such file, and no built-in scenario of that name; there are quickstart, trace, newcomer, bounty-rush, flapping, audit, strategies, host-prices, day-and-night, strategies-of-price, unreliable, disputes, contracts, reserved, swarm-pricing, batch-nights, service-classes",
    )
    const orphan = file("orphan.yaml", "extends: nowhere.yaml\n")
    expect((await problem(orphan)).source).toBe(`nowhere.yaml, which ${orphan} extends,`)
  })

  it("that is a folder, or far too large, is not read", async () => {
    expect((await issue(folder)).message).toBe("is not a file")
    const large = file("large.yaml", `# ${"x".repeat(1_000_001)}\n`)
    expect((await issue(large)).message).toContain("larger than 1000000 bytes")
  })

  it("that is no YAML is refused with line and column", async () => {
    const text = "name: broken\nfleet:\n  nodes: 7\n   maxSlots: 2\n"
    const { message } = await issue(file("broken.yaml", text))
    expect(message).toMatch(/^line 3, column 10: .+/)
    const { message: twice } = await issue(file("twice.yaml", "seed: a\nname: b\nseed: c\n"))
    expect(twice).toMatch(/^line 3, column 1: .*unique/)
  })

  it("whose aliases lead nowhere or grow without bound is refused", async () => {
    expect((await issue(file("alias.yaml", "name: *nowhere\n"))).message).toContain("nowhere")
    const laughs = Array.from({ length: 12 }, (_, i) => {
      const ten = Array<string>(10).fill(`*a${i}`).join(", ")
      return `a${i + 1}: &a${i + 1} [${ten}]`
    })
    const { message } = await issue(file("laughs.yaml", `a0: &a0 x\n${laughs.join("\n")}\n`))
    expect(message).toMatch(/alias/)
  })

  it("that holds no settings is refused", async () => {
    for (const text of ["", "- a\n- b\n", "7\n"])
      expect((await issue(file("nothing.yaml", text))).message).toBe(
        "expected settings, one `name: value` a line",
      )
  })
})

describe("a setting", () => {
  it("that does not exist is named with its path and with those that do", async () => {
    const { path, message } = await issue("base", "fleet.nodez=5")
    expect(path).toBe("fleet.nodez")
    expect(message).toBe(
      "no such setting; allowed here: nodes, devices, profiles, decodeFactor, prefillFactor, maxSlots, contextTokens, establishedShare, establishedDays, farmShare, farmNodes",
    )
    expect(await issue("base", "horizon=5")).toMatchObject({
      path: "horizon",
      message: expect.stringMatching(
        /allowed here: name, title, about, seed, horizonDays, .*operators, hours, parties$/,
      ),
    })
  })

  it("that does not exist in a list's entry, or in a group that may be null, likewise", async () => {
    expect(await issue("base", "models.0.popularty=5")).toEqual({
      path: "models.0.popularty",
      message:
        "no such setting; allowed here: name, quantisation, inputPricePerMtok, outputPricePerMtok, worthPerMtok, inputWorthPerMtok, accuracy, popularity, initialSupply",
    })
    expect(await issue("base", "fleet.devices.0.wait=5")).toEqual({
      path: "fleet.devices.0.wait",
      message: "no such setting; allowed here: device, weight",
    })
    const crowd = "demand.flashCrowds=[{ atHours: 1, durationHours: 1, multiplier: 2, modle: x }]"
    expect(await issue("base", crowd)).toEqual({
      path: "demand.flashCrowds.0.modle",
      message: "no such setting; allowed here: atHours, durationHours, multiplier, model",
    })
    const trace = "demand.trace={ path: x, speed: 1, jitterSeconds: 0, jitter: 2 }"
    expect(await issue("base", trace)).toEqual({
      path: "demand.trace.jitter",
      message:
        "no such setting; allowed here: path, timeUnit, fromSeconds, untilSeconds, share, speed, jitterSeconds",
    })
  })

  it("of the economy that does not exist is named likewise", async () => {
    const { path, message } = await issue("base", "economy.feeBbs=5")
    expect(path).toBe("economy.feeBbs")
    expect(message).toContain("feeBps")
  })

  it("of a wrong type or out of bounds is told what is allowed, and what it got", async () => {
    const wrong: Readonly<Record<string, string>> = {
      "fleet.nodes=many": 'expected a whole number of nodes, 1 to 200000, got "many"',
      "fleet.nodes=1.5": "expected a whole number of nodes, 1 to 200000, got 1.5",
      "demand.requestsPerSecond=-1": "expected a number of requests per second, 0 to 1e9, got -1",
      "demand.requestsPerSecond=.inf":
        "expected a number of requests per second, 0 to 1e9, got Infinity",
      "demand.arrivals=regular": 'expected one of poisson, gamma, mmpp, got "regular"',
      "consumers.operatorShare=1.1": "expected a share, 0 to 1, got 1.1",
      "horizonDays=0": "expected a number of days above 0, to 3660, got 0",
      "faults.slowSpeed=0": "expected a share above 0, to 1, got 0",
      "operators.overDeclareFactor=0.5": "expected a factor of 1 to 1000, got 0.5",
      "models.0.outputPricePerMtok=1e7":
        "expected a price of 0 to 1000000 credits per million tokens, got 10000000",
      "seed=1.5": "expected a text or a whole number, got 1.5",
      // More digits than a number can hold would be another seed than the one written.
      "seed=12345678901234567890": "expected a text or a whole number, got 12345678901234567000",
      "seed=[1]": "expected a text or a whole number, got [1]",
      "consumers.topUpCredits=1e300":
        "expected a number of credits above 0, to 1000000, got 1e+300",
      "fleet.devices.0.weight=heavy": 'expected a number of weight, 0 to 1e9, got "heavy"',
    }
    for (const [text, message] of Object.entries(wrong))
      expect(await issue("base", text)).toEqual({ path: text.split("=")[0], message })
    expect((await issue("base", "models.0.name=gpt-9")).message).toMatch(
      /^expected one of llama-3.2-3b, .*, got "gpt-9"$/,
    )
    expect((await issue("base", "economy.feeBps=-3")).path).toBe("economy.feeBps")
    expect((await issue("base", "economy=none")).message).toBe(
      'no economy is called "none"; there are pooled, hardened, infrintia, infrintia-hardened, aitbc, aitbc-hardened',
    )
  })

  it("may be a whole number where it is a seed: the digits are the seed", async () => {
    expect((await load(file("seed.yaml", "seed: 7\n"))).seed).toBe("7")
    expect((await load(file("quoted.yaml", 'seed: "7"\n'))).seed).toBe("7")
    expect((await load("base", "seed=-12")).seed).toBe("-12")
    expect((await load("base", "seed=a seed of words")).seed).toBe("a seed of words")
  })

  it("that may be null is told what else it may be", async () => {
    expect(await issue("base", "warmupDays=-1")).toEqual({
      path: "warmupDays",
      message: "expected a number of days, 0 to 1e9, got -1",
    })
    expect(await issue("base", "demand.trace={ path: x, speed: 0, jitterSeconds: 0 }")).toEqual({
      path: "demand.trace.speed",
      message: "expected a number of times the recorded speed above 0, to 1e9, got 0",
    })
  })

  it("that is missing is named", async () => {
    const { issues } = await problem("base", "models.1={ name: llama-3.2-3b, quantisation: q4 }")
    expect(issues.map(({ path, message }) => `${path} ${message}`).toSorted()).toEqual([
      "models.1.initialSupply is missing",
      "models.1.inputPricePerMtok is missing",
      "models.1.outputPricePerMtok is missing",
      "models.1.popularity is missing",
    ])
  })

  it("is told of together with all others that are wrong", async () => {
    const { issues, message } = await problem(
      "base",
      "fleet.nodes=0",
      "consumers.count=0",
      "demand.wat=1",
    )
    expect(issues.map(({ path }) => path).toSorted()).toEqual([
      "consumers.count",
      "demand.wat",
      "fleet.nodes",
    ])
    expect(message.split("\n").length).toBe(4)
    expect(message).toContain("base with --set is not a scenario that can be run:")
  })
})

describe("settings that contradict each other", () => {
  it("are refused", async () => {
    const wrong: ReadonlyArray<readonly [string, string, string]> = [
      ["models.1.name=llama-3-8b", "models", "each model may be offered once"],
      ["models.0.popularity=0", "models", "at least one model needs a popularity above 0"],
      ["models.0.initialSupply=0", "models", "at least one model needs an initialSupply above 0"],
      ["fleet.devices.0.weight=0", "fleet.devices", "at least one device needs a weight above 0"],
    ]
    for (const [text, path, message] of wrong) {
      // A second entry is complete but for what the test is about.
      const second =
        "models.1={ name: llama-3.2-3b, quantisation: q4, inputPricePerMtok: 1, outputPricePerMtok: 1, popularity: 0, initialSupply: 0 }"
      expect(await issue("base", second, text)).toEqual({ path, message })
    }
    const crowd =
      "demand.flashCrowds=[{ atHours: 1, durationHours: 1, multiplier: 2, model: qwen3-32b }]"
    expect(await issue("base", crowd)).toEqual({
      path: "demand.flashCrowds.0.model",
      message: "this scenario offers llama-3-8b",
    })
  })
})

describe("assignments", () => {
  it("are laid over the scenario one after the other", async () => {
    const scenario = await load(
      "quickstart",
      "horizonDays=1",
      "economy=hardened",
      "economy.feeBps=1000",
      "models.4.popularity=0.3",
      "demand.flashCrowds.0={ atHours: 1, durationHours: 2, multiplier: 3 }",
    )
    expect(scenario.horizonDays).toBe(1)
    expect(scenario.economy).toEqual({
      ...economies["hardened"],
      feeBps: 1000,
      name: scenario.economy.name,
      meaning: scenario.economy.meaning,
    })
    expect(scenario.models.map(({ popularity }) => popularity)).toEqual([
      0.07, 0.355, 0.41, 0.13, 0.3,
    ])
    expect(scenario.demand.flashCrowds).toEqual([{ atHours: 1, durationHours: 2, multiplier: 3 }])
  })
})
