import { NodeContext } from "@effect/platform-node"
import { Effect, Either, Schema } from "effect"
import fc from "fast-check"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import type { DeviceProfile, ProfiledModel } from "../../../sim/fleet/device-profile.ts"
import {
  DeviceProfile as Profile,
  profiledRates,
  profiledSlots,
  profiledStepMicros,
} from "../../../sim/fleet/device-profile.ts"
import { InstanceServers } from "../../../sim/fleet/instance-server.ts"
import { offerTable } from "../../../sim/fleet/offers.ts"
import { loadScenario } from "../../../sim/scenarios/load.ts"
import { ScenarioInvalid } from "../../../sim/settings/scenario-error.ts"

const measured: ProfiledModel = {
  name: "llama-3-8b",
  quantisation: "q4",
  stepMicros: 8000,
  streamMicros: 200,
  contextMicrosPerToken: 0.5,
  prefillMicrosPerToken: 120,
  overheadMicros: 9000,
  slots: 6,
  contextCapacityTokens: 40_000,
}
const profile: DeviceProfile = {
  name: "my 4090",
  deviceClass: "consumer",
  watts: { low: 400, high: 400 },
  rentUsdPerHour: null,
  storageGbs: 2,
  models: [measured],
}

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-profile-"))
})
afterAll(() => rm(folder, { recursive: true }))

const load = (name: string, ...sets: ReadonlyArray<string>) =>
  Effect.runPromise(Effect.either(loadScenario(name, sets)).pipe(Effect.provide(NodeContext.layer)))
const loaded = async (name: string, ...sets: ReadonlyArray<string>) =>
  Either.getOrThrowWith(await load(name, ...sets), (error) => error)
const issues = async (name: string, ...sets: ReadonlyArray<string>) => {
  const outcome = await load(name, ...sets)
  if (Either.isRight(outcome)) throw new Error("it was accepted")
  if (!(outcome.left instanceof ScenarioInvalid)) throw outcome.left
  return outcome.left
}
const inline = (one: unknown) => `fleet.profiles=[${JSON.stringify(one)}]`
const useIt = "fleet.devices=[{ device: my 4090, weight: 1 }]"

describe("a profiled device", () => {
  it("is simulated at the measured speed, token by token", async () => {
    const scenario = await loaded("base", inline(profile), useIt, "fleet.maxSlots=16")
    const { devices, offers } = offerTable(scenario)
    expect(devices[0].name).toBe("my 4090")
    const offer = offers[0][0]!
    expect(offer.slots).toBe(6)
    const server = new InstanceServers()
    server.open(0, offer.rates, offer.slots)
    server.admit(0, 0, 0, 1000, 101)
    let last = 0
    while (server.inFlight(0) > 0) {
      const next = server.nextEventMicros(0)
      expect(next).toBeGreaterThan(last - 1)
      last = next
      server.advance(0, next)
    }
    // 1,000 prompt tokens, then 100 steps with 1,001 to 1,100 tokens of context, growing all the time.
    expect(last / 1e6).toBeCloseTo((1000 * 120 + 100 * (8000 + 200 + 0.5 * 1050)) / 1e6, 3)
  })

  it("offers the slots that were of use, fit in memory and keep the floor", () => {
    fc.assert(
      fc.property(
        fc.record({
          stepMicros: fc.double({ min: 1, max: 1e6, noNaN: true }),
          streamMicros: fc.double({ min: 0, max: 1e5, noNaN: true }),
          contextMicrosPerToken: fc.double({ min: 0, max: 10, noNaN: true }),
          slots: fc.integer({ min: 1, max: 64 }),
          contextCapacityTokens: fc.option(fc.integer({ min: 1, max: 100_000 })),
        }),
        fc.double({ min: 0.5, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 8192 }),
        (speed, floor, context) => {
          const one = { ...measured, ...speed }
          const holds = (streams: number) =>
            streams <= one.slots &&
            streams * context <= (one.contextCapacityTokens ?? Infinity) &&
            profiledStepMicros(one, streams, streams * context) * floor <= 1e6
          const slots = profiledSlots(one, floor, context)
          expect(slots === 0 || holds(slots)).toBe(true)
          expect(holds(slots + 1)).toBe(false)
          const rates = profiledRates(one, 8)
          for (let b = 1; b <= 8; b++)
            expect(
              (rates.stepMicros[b] + rates.contextMicrosPerToken * 77) /
                profiledStepMicros(one, b, 77),
            ).toBeCloseTo(1, 12)
        },
      ),
    )
  })

  it("serves no model that was not measured, in that quantisation", async () => {
    const scenario = await loaded("quickstart", inline(profile), useIt)
    const { offers } = offerTable(scenario)
    expect(offers[0].map((offer) => offer !== null)).toEqual(
      scenario.models.map(({ name }) => name === "llama-3-8b"),
    )
    expect(
      (await issues("base", inline(profile), useIt, "models.0.quantisation=f16")).issues,
    ).toEqual([
      {
        path: "fleet.devices.0.device",
        message:
          "my 4090 was measured with llama-3-8b (q4), and this scenario offers llama-3-8b (f16)",
      },
    ])
  })

  it("may stand in a file of its own, whose path is that of the file that names it", async () => {
    await mkdir(join(folder, "deep"))
    await writeFile(join(folder, "deep", "mine.yaml"), `# a comment\n${stringify(profile)}`)
    await writeFile(
      join(folder, "deep", "market.yaml"),
      "name: market\nfleet: { profiles: [mine.yaml], devices: [{ device: my 4090, weight: 1 }] }\n",
    )
    await writeFile(join(folder, "child.yaml"), "name: child\nextends: deep/market.yaml\n")
    for (const file of ["deep/market.yaml", "child.yaml"])
      expect((await loaded(join(folder, file))).fleet.profiles).toEqual([profile])
    const path = join(folder, "deep", "mine.yaml")
    const scenario = await loaded("base", `fleet.profiles=[${JSON.stringify(path)}]`, useIt)
    expect(scenario.fleet.profiles).toEqual([profile])
    expect((await issues("base", "fleet.profiles=[nowhere.yaml]")).message).toContain(
      "nowhere.yaml (fleet.profiles.0) is not a scenario that can be run:\n  no such file",
    )
  })

  it("is refused with path, value and what is allowed", async () => {
    const wrong = async (change: object, model: object = {}) =>
      (await issues("base", inline({ ...profile, models: [{ ...measured, ...model }], ...change })))
        .issues[0]
    expect(await wrong({}, { stepMicros: -1 })).toEqual({
      path: "fleet.profiles.0.models.0.stepMicros",
      message: "expected a number of microseconds, 0 to 86400000000, got -1",
    })
    expect(await wrong({}, { prefillMicrosPerToken: 0 })).toMatchObject({
      path: "fleet.profiles.0.models.0.prefillMicrosPerToken",
    })
    expect((await wrong({}, { stepMicros: 0, streamMicros: 0 })).message).toContain(
      "a step takes time",
    )
    expect((await wrong({}, { name: "gpt-9" })).message).toContain("expected one of llama-3.2-3b")
    expect(await wrong({}, { speed: 3 })).toMatchObject({
      path: "fleet.profiles.0.models.0.speed",
      message: expect.stringContaining(
        "no such setting; allowed here: name, quantisation, stepMicros",
      ),
    })
    expect((await wrong({ name: "two\nlines" })).message).toContain("on one line")
    expect((await wrong({ watts: { low: 5, high: 1 } })).message).toContain(
      "low is 5, above high, 1",
    )
    expect(await wrong({ name: "RTX 4090" })).toEqual({
      path: "fleet.profiles.0.name",
      message: "RTX 4090 is a device of the catalogue; each name stands for one device",
    })
    const twice = `fleet.profiles=[${JSON.stringify(profile)}, ${JSON.stringify(profile)}]`
    expect((await issues("base", twice)).issues[0].message).toContain("another profile's name")
    expect((await issues("base", useIt)).issues).toEqual([
      {
        path: "fleet.devices.0.device",
        message: expect.stringMatching(/^expected one of RTX 3060 12GB, .*, got "my 4090"$/),
      },
    ])
  })

  it("survives being written and read", () => {
    expect(Schema.decodeUnknownSync(Profile)(JSON.parse(JSON.stringify(profile)))).toEqual(profile)
  })
})

describe("the speed factors", () => {
  const tableOf = async (...sets: ReadonlyArray<string>) =>
    offerTable(await loaded("quickstart", "fleet.maxSlots=64", ...sets))

  it("of 1 change nothing, to the last bit", async () => {
    const plain = await tableOf()
    expect(await tableOf("fleet.decodeFactor=1", "fleet.prefillFactor=1.0")).toEqual(plain)
  })

  it("scale every step and every prompt, and with them the slots above the floor", async () => {
    const plain = await tableOf()
    const faster = await tableOf("fleet.decodeFactor=2", "fleet.prefillFactor=4")
    let more = 0
    plain.offers.forEach((own, device) =>
      own.forEach((before, model) => {
        const after = faster.offers[device][model]
        if (before === null) return
        expect(after!.slots).toBeGreaterThanOrEqual(before.slots)
        more += after!.slots - before.slots
        expect(after!.rates.stepMicros[1]).toBe(before.rates.stepMicros[1] / 2)
        expect(after!.rates.contextMicrosPerToken).toBe(before.rates.contextMicrosPerToken / 2)
        expect(after!.rates.arithmeticMicrosPerStream).toBe(
          before.rates.arithmeticMicrosPerStream / 2,
        )
        expect(after!.rates.prefillMicrosPerToken).toBe(before.rates.prefillMicrosPerToken / 4)
        expect(after!.setUpMicros).toBe(before.setUpMicros)
      }),
    )
    expect(more).toBeGreaterThan(0)
  })

  it("are refused outside 0.01 to 100", async () => {
    for (const value of [0, -1, 0.001, 101, "fast"])
      expect((await issues("base", `fleet.decodeFactor=${value}`)).issues[0]).toMatchObject({
        path: "fleet.decodeFactor",
        message: expect.stringContaining("expected a factor of 0.01 to 100"),
      })
  })
})
