/**
 * An agent and a gateway that forgets, in virtual time: whatever it forgets and whenever, the agent is
 * registered and served in the end, and asks no more often than its patience allows.
 */
import fc from "fast-check"
import { Deferred, Effect, FiberId } from "effect"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { backoff } from "../../../../live/agent/transport/backoff.ts"
import { fromPromise } from "../../../../live/agent/transport/from-promise.ts"
import { pause } from "../support/pause.ts"
import type { Backend } from "../../../../live/agent/backends/backend.ts"
import { Refused } from "../../../../live/agent/serving/gateway-link.ts"
import { Unreachable } from "../../../../live/agent/transport/http.ts"
import type { AgentEvent } from "../../../../live/agent/plan/options.ts"
import type { HostPlan } from "../../../../live/agent/plan/plan.ts"
import { makeRegistrar } from "../../../../live/agent/serving/registrar.ts"
import { runEffect } from "../../../../live/http/run-effect.ts"
import { serve } from "../../../../live/agent/serving/serving.ts"
import { standingAfter } from "../../../../live/agent/serving/standing.ts"
import type { AgentState, StateKeeper } from "../../../../live/agent/plan/state-file.ts"
import { PROPERTY_RUNS } from "../../../support/property-runs.ts"
import type { ForgetfulGateway, Weather } from "../support/forgetful-gateway.ts"
import { forgetfulGateway, tripMillis } from "../support/forgetful-gateway.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const plan: HostPlan = {
  name: "rig",
  gpu: undefined,
  gpus: [],
  machine: { hostname: "rig", cpu: "", cpuCores: 1, memoryMib: 1, system: "" },
  backend: "none",
  models: [{ model: "m", upstream_model: "m", slots: 2, tokens_per_second: 60 }],
  pricePerToken: undefined,
  measurement: undefined,
}
const backend = { isReady: () => true } as Backend

const keptState = (): StateKeeper & { readonly now: () => AgentState | undefined } => {
  let state: AgentState | undefined
  return {
    now: () => state,
    read: async () => state,
    write: async (next) => {
      await pause(tripMillis)
      state = next
    },
  }
}

/** As HostAgent waits for a gateway that is not there. */
const patiently = <A>(attempt: () => Promise<A>): Effect.Effect<A, Error> =>
  Effect.retry(fromPromise(attempt), {
    schedule: backoff(),
    while: (error) =>
      error instanceof Unreachable ||
      (error instanceof Refused && (error.status === 404 || error.status >= 500)),
  })

const startAgent = (
  gateway: ForgetfulGateway,
  state: StateKeeper,
  accountKey: string | undefined = "sk_live_account",
) => {
  const events: Array<AgentEvent> = []
  const link = gateway.link()
  const say = (event: AgentEvent): void => void events.push(event)
  const registrar = makeRegistrar({
    gateway: "http://market.example",
    accountKey,
    stateFile: "state.json",
    state,
    link,
    say,
  })
  const told = Deferred.unsafeMake<void>(FiberId.none)
  const live = Effect.flatMap(
    patiently(() => registrar.identify(plan)),
    (identity) =>
      serve({
        link,
        backend,
        identity,
        replace: (lost, how, why) => patiently(() => registrar.replace(plan, lost, how, why)),
        load: Effect.succeed({}),
        toldToDrain: Deferred.await(told),
        drainMillis: 1000,
        say,
      }),
  )
  let end: "running" | "ended" | Error = "running"
  const done = runEffect(live).then(
    () => void (end = "ended"),
    (error: Error) => void (end = error),
  )
  return {
    events,
    end: () => end,
    stop: async () => {
      Deferred.unsafeDone(told, Effect.void)
      await vi.advanceTimersByTimeAsync(60_000)
      await done
    },
  }
}

const forgettings = {
  remove: (gateway: ForgetfulGateway) => gateway.removeHosts(),
  forgetKeys: (gateway: ForgetfulGateway) => gateway.forgetKeys(),
  backUp: (gateway: ForgetfulGateway) => gateway.backUp(),
  restore: (gateway: ForgetfulGateway) => gateway.restore(),
} as const
type Forgetting = keyof typeof forgettings

const step = fc.record({
  /** From within one call to beyond many heartbeats. */
  afterMillis: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 2000 }), fc.nat({ max: 90_000 })),
  forgets: fc.option(fc.constantFrom(...(Object.keys(forgettings) as Array<Forgetting>)), {
    nil: undefined,
  }),
  weather: fc.constantFrom<Weather>("fair", "fair", "away", "busy", "strange404", "losesAnswers"),
})

/** The longest wait of a replacement, and of a call to be made again. */
const settledMillis = 7 * 60_000

describe("an agent whose gateway forgets", () => {
  test("is registered and served in the end, whatever is forgotten, alone or with a twin", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, hasTwin) => {
        // A case that failed leaves its agents behind.
        vi.clearAllTimers()
        const gateway = forgetfulGateway()
        const state = keptState()
        const agents = [startAgent(gateway, state)]
        await vi.advanceTimersByTimeAsync(1000)
        if (hasTwin) agents.push(startAgent(gateway, state))
        for (const { afterMillis, forgets, weather } of steps) {
          await vi.advanceTimersByTimeAsync(afterMillis)
          if (forgets !== undefined) forgettings[forgets](gateway)
          gateway.setWeather(weather)
        }
        gateway.setWeather("fair")
        await vi.advanceTimersByTimeAsync(settledMillis)
        for (const agent of agents) expect(agent.end()).toBe("running")
        const before = { ...gateway.calls }
        await vi.advanceTimersByTimeAsync(60_000)
        expect(gateway.calls.register - before.register, "settled").toBe(0)
        expect(gateway.calls.renewKey - before.renewKey, "settled").toBe(0)
        expect(gateway.calls.heartbeat - before.heartbeat, "heartbeats").toBeGreaterThan(0)
        // Between two polls there is a moment without one.
        const polling = new Set(gateway.polling())
        await vi.advanceTimersByTimeAsync(500)
        for (const session of gateway.polling()) polling.add(session)
        expect(polling.size).toBe(agents.length)
        // A restart finds its way by what was kept.
        const kept = state.now()
        expect(gateway.hosts().get(kept?.hostId ?? "")?.keys).toContain(kept?.apiKey)
        for (const agent of agents) await agent.stop()
        expect(vi.getTimerCount()).toBe(0)
      }),
      { numRuns: PROPERTY_RUNS / 8 },
    )
  })

  test("that share an identity register one host when it is lost", async () => {
    const gateway = forgetfulGateway()
    const state = keptState()
    const agents = [startAgent(gateway, state)]
    await vi.advanceTimersByTimeAsync(1000)
    for (let twin = 0; twin < 4; twin++) agents.push(startAgent(gateway, state))
    for (let round = 0; round < 5; round++) {
      await vi.advanceTimersByTimeAsync(120_000)
      gateway.removeHosts()
      await vi.advanceTimersByTimeAsync(120_000)
      expect(gateway.hosts().size).toBe(1)
      expect(gateway.polling().size).toBe(5)
    }
    for (const agent of agents) await agent.stop()
  })

  test.each([
    ["forgotten", forgettings.remove, /knows no host host_\d+ any more: .* takes the key of its/],
    ["refused", forgettings.forgetKeys, /refuses the key of host host_\d+: .* into state\.json/],
  ])(
    "without the account's key, what is %s ends it, and what it knew is kept",
    async (_how, forget, words) => {
      const gateway = forgetfulGateway()
      const state = keptState()
      const first = startAgent(gateway, state)
      await vi.advanceTimersByTimeAsync(1000)
      await first.stop()
      const keyless = startAgent(gateway, state, "")
      await vi.advanceTimersByTimeAsync(1000)
      const kept = state.now()
      gateway.backUp()
      forget(gateway)
      await vi.advanceTimersByTimeAsync(60_000)
      expect(keyless.end()).toMatchObject({ message: expect.stringMatching(words) })
      expect(state.now()).toEqual(kept)
      gateway.restore()
      const again = startAgent(gateway, state, "")
      await vi.advanceTimersByTimeAsync(1000)
      expect(gateway.polling().size).toBe(1)
      await again.stop()
    },
  )
})

describe("an agent's patience", () => {
  test.each<Weather>(["away", "busy", "strange404", "losesAnswers"])(
    "with a gateway that is %s for an hour",
    async (weather) => {
      const gateway = forgetfulGateway()
      const agent = startAgent(gateway, keptState())
      await vi.advanceTimersByTimeAsync(1000)
      gateway.setWeather(weather)
      const before = { ...gateway.calls }
      await vi.advanceTimersByTimeAsync(3_600_000)
      expect(agent.end()).toBe("running")
      expect(gateway.calls.heartbeat - before.heartbeat).toBeLessThan(300)
      expect(gateway.calls.poll - before.poll).toBeLessThan(300)
      expect(gateway.calls.register - before.register).toBeLessThan(300)
      gateway.setWeather("fair")
      await vi.advanceTimersByTimeAsync(60_000)
      expect(gateway.polling().size).toBe(1)
      await agent.stop()
    },
  )

  test("with one that forgets it again and again", async () => {
    const gateway = forgetfulGateway()
    const agent = startAgent(gateway, keptState())
    await vi.advanceTimersByTimeAsync(1000)
    for (let second = 0; second < 3600; second++) {
      gateway.removeHosts()
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(gateway.calls.register).toBeLessThan(60)
    await vi.advanceTimersByTimeAsync(settledMillis)
    expect([agent.end(), gateway.polling().size]).toEqual(["running", 1])
    await agent.stop()
  })
})

describe("the standing of a host", () => {
  test.each([
    ["heartbeat", 404, "forgotten"],
    ["heartbeat", 401, "refused"],
    ["heartbeat", 403, "refused"],
    ["work", 404, "doubted"],
    ["work", 401, "doubted"],
    ["work", 403, "doubted"],
    ["heartbeat", 200, "known"],
    ["work", 204, "known"],
    ["heartbeat", 503, "unheard"],
    ["work", 400, "unheard"],
    ["work", undefined, "unheard"],
  ] as const)("asked by %s and answered %s is %s", (question, status, standing) => {
    expect(standingAfter(question, status)).toBe(standing)
  })
})
