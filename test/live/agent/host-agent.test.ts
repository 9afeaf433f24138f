import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Backend, Chunk } from "../../../live/agent/backends/backend.ts"
import { BackendError } from "../../../live/agent/backends/backend.ts"
import { HostAgent } from "../../../live/agent/host-agent.ts"
import type { AgentEvent, HostAgentOptions } from "../../../live/agent/plan/options.ts"
import { eventually, until } from "./support/eventually.ts"
import { chunkOf } from "./support/local-server.ts"
import type { ScriptedGateway, ScriptedOptions } from "./support/scripted-gateway.ts"
import { scriptedGateway } from "./support/scripted-gateway.ts"

/** A backend that generates one chunk a call of `step`, and tells when it was stopped. */
const steppedBackend = () => {
  const running: Array<{ readonly step: (chunk: Chunk | Error | "end") => void }> = []
  const stoppedAt: Array<number> = []
  let isReady = true
  let stops = 0
  const backend: Backend = {
    description: "stepped",
    start: async () => {},
    stop: async () => {
      stops++
    },
    isReady: () => isReady,
    models: async () => ["m"],
    async *generate(_job, signal) {
      const waiting: Array<Chunk | Error | "end"> = []
      let wake = (): void => {}
      running.push({
        step: (chunk) => {
          waiting.push(chunk)
          wake()
        },
      })
      signal.addEventListener("abort", () => {
        stoppedAt.push(performance.now())
        wake()
      })
      for (;;) {
        if (signal.aborted) throw signal.reason
        const next = waiting.shift()
        if (next === "end") return
        if (next instanceof Error) throw next
        if (next !== undefined) yield next
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    },
  }
  return {
    backend,
    running,
    stoppedAt,
    stops: () => stops,
    setReady: (ready: boolean) => {
      isReady = ready
    },
    started: (index: number) => eventually(() => running[index]),
  }
}

let gateway: ScriptedGateway
let folder: string
let agents: Array<HostAgent>
let events: Array<AgentEvent>
let stepped: ReturnType<typeof steppedBackend>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-agent-"))
  agents = []
  events = []
  stepped = steppedBackend()
  gateway = await scriptedGateway()
})
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await gateway.close()
  rmSync(folder, { recursive: true })
})

const stateFile = (): string => join(folder, "state.json")
const agentWith = (over: Partial<HostAgentOptions> = {}): HostAgent => {
  const agent = new HostAgent({
    apiUrl: gateway.url,
    apiKey: "sk_live_account",
    backend: stepped.backend,
    models: ["m"],
    slots: 2,
    tokensPerSecond: 60,
    stateFile: stateFile(),
    drainSeconds: 0.2,
    handlesSignals: false,
    onEvent: (event) => events.push(event),
    ...over,
  })
  agents.push(agent)
  return agent
}
const serving = async (over: Partial<HostAgentOptions> = {}) => {
  const agent = agentWith(over)
  const served = agent.serve()
  served.catch(() => {})
  await until(() => gateway.polls() > 0)
  return { agent, served }
}
const restartGateway = async (options: ScriptedOptions): Promise<void> => {
  await gateway.close()
  gateway = await scriptedGateway(options)
}
const usage = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }
const eventsOf = (type: AgentEvent["type"]) => events.filter((event) => event.type === type)

describe("registering", () => {
  test("declares what was given and what was found, and keeps the key to itself", async () => {
    const agent = agentWith({
      name: "rig",
      gpu: "NVIDIA A100 80GB",
      pricePerToken: 0.00012,
      models: [{ model: "m", upstreamModel: "own/m", slots: 3, tokensPerSecond: 90 }],
    })
    expect(await agent.register()).toEqual({ hostId: "host_1", apiKey: "hk_live_1", isNew: true })
    expect(gateway.keys).toEqual(["Bearer sk_live_account"])
    expect(gateway.registrations).toMatchObject([
      {
        name: "rig",
        gpu: "NVIDIA A100 80GB",
        price_per_token: 0.00012,
        delivery: "pull",
        backend: "stepped",
        models: [{ model: "m", upstream_model: "own/m", slots: 3, tokens_per_second: 90 }],
      },
    ])
    const hardware = gateway.registrations[0]?.["hardware"] as Record<string, unknown>
    expect(hardware["cpu_cores"]).toBeGreaterThan(0)
    expect(hardware["memory_mib"]).toBeGreaterThan(0)
    expect(statSync(stateFile()).mode & 0o777).toBe(0o600)
    expect(JSON.stringify(events)).not.toContain("hk_live")
  })

  test("the next start is the same host, without the account's key", async () => {
    await agentWith().register()
    const again = agentWith({ apiKey: "" })
    expect(await again.register()).toEqual({ hostId: "host_1", apiKey: "hk_live_1", isNew: false })
    expect(gateway.registrations).toHaveLength(1)
  })

  test("other models at the next start are a switch, an addition or a removal", async () => {
    await restartGateway({ listed: ["m", "n", "o"] })
    const models = (...names: ReadonlyArray<string>) => ({ apiUrl: gateway.url, models: names })
    await agentWith(models("m")).register()
    await agentWith(models("n")).register()
    await agentWith(models("n", "o")).register()
    await agentWith(models("o")).register()
    expect(gateway.modelChanges).toMatchObject([
      { action: "switch", model: "m", to: "n", slots: 2 },
      { action: "add", model: "o", slots: 1 },
      { action: "remove", model: "n" },
    ])
    expect(gateway.registrations).toHaveLength(1)
  })

  test("an answer that was lost makes no second host: the registration has an id", async () => {
    gateway.refuse(/^\/hosts$/, 503)
    const agent = agentWith()
    const registering = agent.register()
    await until(() => eventsOf("disconnected").length > 0)
    const kept = JSON.parse(readFileSync(stateFile(), "utf8")) as { registrationId: string }
    gateway.refuse(undefined)
    await registering
    expect(gateway.registrations[0]?.["registration_id"]).toBe(kept.registrationId)
  })

  test("a refusal is an error that says what to do", async () => {
    gateway.refuse(/^\/hosts$/, 401)
    await expect(agentWith().register()).rejects.toThrow("refuses the account key: refused by")
    const keyless = new HostAgent({
      apiUrl: gateway.url,
      backend: stepped.backend,
      models: ["m"],
      slots: 1,
      tokensPerSecond: 30,
      stateFile: join(folder, "keyless.json"),
    })
    agents.push(keyless)
    await expect(keyless.register()).rejects.toThrow("give it with --key, EVENKEEL_KEY or")
    gateway.refuse(/^\/hosts$/, 400)
    await expect(agentWith().register()).rejects.toThrow("refuses the registration: refused by")
  })
  test("models that nobody named are those that backend and market share", async () => {
    await restartGateway({ listed: ["x", "m"] })
    await agentWith({ apiUrl: gateway.url, models: [] }).register()
    expect(gateway.registrations).toMatchObject([{ models: [{ model: "m" }] }])
    await restartGateway({ listed: ["x"] })
    const other = { apiUrl: gateway.url, models: [], stateFile: join(folder, "other.json") }
    await expect(agentWith(other).register()).rejects.toThrow(
      "The backend has m; the market lists x. Say which is which: --model MARKET-NAME=BACKEND-NAME",
    )
  })

  test.each([
    [{ apiUrl: "market" }, "expected an http or https address"],
    [{ backend: "openai" as const }, "needs the address of its server: --endpoint http"],
    [{ backend: "worker" as const, endpointUrl: "localhost:8000" }, "expected an http or https"],
    [{ backend: "simulated" as const, models: [] }, "cannot say which models it serves"],
  ])("options %j do not fit", (over, message) => {
    expect(() => agentWith(over)).toThrow(message)
  })
})

describe("serving", () => {
  test("a job: tokens go up as they come, then the usage", async () => {
    await serving()
    const job = gateway.give()
    const { step } = await stepped.started(0)
    step(chunkOf("Hel"))
    await until(() => gateway.uploads.get(job)?.chunks.length === 1)
    step(chunkOf("lo", "stop"))
    step(usage)
    step("end")
    expect(await gateway.end(job)).toEqual({
      how: "complete",
      body: { attempt: 0, epoch: 1, usage: { prompt_tokens: 3, completion_tokens: 2 } },
    })
    expect(gateway.uploads.get(job)?.chunks).toEqual([chunkOf("Hel"), chunkOf("lo", "stop"), usage])
    await until(() => eventsOf("jobEnded").length === 1)
    expect(eventsOf("jobEnded")).toMatchObject([{ jobId: job, end: "completed", tokens: 2 }])
  })

  test("the upload opens before the first token", async () => {
    await serving()
    const job = gateway.give()
    await until(() => gateway.uploads.get(job)?.isOpen === true)
    expect(gateway.uploads.get(job)?.chunks).toEqual([])
  })

  test("as many jobs at once as there are slots", async () => {
    await serving()
    const jobs = [gateway.give(), gateway.give(), gateway.give()]
    const { step } = await stepped.started(1)
    const pollsThen = gateway.polls()
    await until(() => gateway.heartbeats.length > 3)
    expect(stepped.running).toHaveLength(2)
    expect(gateway.polls()).toBe(pollsThen)
    step(chunkOf("x", "stop"))
    step("end")
    await stepped.started(2)
    await until(() => gateway.uploads.has(jobs[2]!))
  })

  test("no jobs while the backend is not ready", async () => {
    stepped.setReady(false)
    const agent = agentWith()
    void agent.serve()
    await until(() => gateway.heartbeats.length > 2)
    expect(gateway.polls()).toBe(0)
    stepped.setReady(true)
    await until(() => gateway.polls() > 0)
  })

  test.each(["before", "after"])(
    "the gateway ends the upload %s the first token: the GPU stops within 100 ms",
    async (when) => {
      await serving()
      const job = gateway.give()
      const { step } = await stepped.started(0)
      await until(() => gateway.uploads.get(job)?.isOpen === true)
      if (when === "after") step(chunkOf("Hel"))
      if (when === "after") await until(() => gateway.uploads.get(job)?.chunks.length === 1)
      const withdrawnAt = performance.now()
      gateway.withdraw(job)
      const stoppedAt = await eventually(() => stepped.stoppedAt[0])
      expect(stoppedAt - withdrawnAt).toBeLessThan(100)
      await until(() => eventsOf("jobEnded").length === 1)
      expect(eventsOf("jobEnded")).toMatchObject([{ end: "withdrawn" }])
      expect(gateway.ends.has(job)).toBe(false)
    },
  )

  test("a connection that breaks stops the GPU, and the job counts as cut short", async () => {
    await serving()
    const job = gateway.give()
    const { step } = await stepped.started(0)
    step(chunkOf("Hel"))
    const upload = await eventually(() => gateway.uploads.get(job))
    await until(() => upload.chunks.length === 1)
    const brokenAt = performance.now()
    upload.response.socket?.destroy()
    expect((await eventually(() => stepped.stoppedAt[0])) - brokenAt).toBeLessThan(100)
    expect(await gateway.end(job)).toMatchObject({ how: "fail", body: { outcome: "truncated" } })
  })

  test("a job that the heartbeat no longer lists is stopped, the others go on", async () => {
    await serving()
    const [gone, kept] = [gateway.give(), gateway.give()]
    const { step } = await stepped.started(1)
    gateway.forget(gone)
    await until(() => stepped.stoppedAt.length === 1)
    await until(() => gateway.uploads.get(gone)?.isOpen === false)
    expect(gateway.uploads.get(kept)?.isOpen).toBe(true)
    step(chunkOf("x", "stop"))
    step("end")
    expect(await gateway.end(kept)).toMatchObject({ how: "complete" })
    expect(stepped.stoppedAt).toHaveLength(1)
  })

  test("a backend's failure is told with its outcome, after the tokens that came before it", async () => {
    await serving()
    const job = gateway.give()
    const { step } = await stepped.started(0)
    step(chunkOf("Hel"))
    step(new BackendError("backpressure", "busy", { status: 429, retryAfterSeconds: 4 }))
    expect(await gateway.end(job)).toEqual({
      how: "fail",
      body: {
        attempt: 0,
        epoch: 1,
        outcome: "backpressure",
        message: "busy",
        status: 429,
        retry_after_seconds: 4,
        usage: { completion_tokens: 1 },
      },
    })
    expect(gateway.uploads.get(job)?.chunks).toEqual([chunkOf("Hel")])
  })

  test("what ends a job is sent until the gateway has taken it", async () => {
    await serving()
    const job = gateway.give()
    const { step } = await stepped.started(0)
    gateway.refuse(/complete$/, 503)
    step(chunkOf("x", "stop"))
    step("end")
    await until(() => gateway.uploads.get(job)?.isOpen === false)
    gateway.refuse(undefined)
    expect(await gateway.end(job)).toMatchObject({ how: "complete" })
  })

  test("a backend that does not notice the abort holds up nothing", async () => {
    const deaf: Backend = {
      ...stepped.backend,
      async *generate() {
        yield chunkOf("x")
        await new Promise(() => {})
      },
    }
    await serving({ backend: deaf })
    const job = gateway.give()
    await until(() => gateway.uploads.get(job)?.chunks.length === 1)
    gateway.withdraw(job)
    expect(await until(() => eventsOf("jobEnded").length === 1)).toBeLessThan(2000)
  })

  test("a backend that works in silence shows signs of life, until it has been silent for too long", async () => {
    await serving()
    const job = gateway.give()
    const { step } = await stepped.started(0)
    await until(() => (gateway.uploads.get(job)?.signs ?? 0) >= 2, 5000)
    step(chunkOf("x", "stop"))
    step("end")
    expect(await gateway.end(job)).toMatchObject({ how: "complete" })
    expect(gateway.uploads.get(job)?.chunks).toHaveLength(1)
  })

  test("what holds its uploads back is told to its operator and to the gateway, once", async () => {
    const notices = () =>
      eventsOf("notice").map((event) => (event.type === "notice" ? event.detail : ""))
    await restartGateway({ heartbeatSeconds: 60 })
    await serving({ apiUrl: gateway.url })
    gateway.holdBack(true)
    const job = gateway.give()
    const { step } = await stepped.started(0)
    step(chunkOf("x"))
    await until(() => notices().length > 0, 5000)
    expect(notices()).toEqual([expect.stringMatching(/holds back.*proxy.*docs\/proxies\.md/)])
    await until(() => gateway.heartbeats.some((one) => String(one["held_back"]) === job))
    gateway.holdBack(false)
    step(chunkOf("y", "stop"))
    step("end")
    expect(await gateway.end(job)).toMatchObject({ how: "complete" })
    gateway.give()
    await stepped.started(1)
    await until(() => notices().length > 1, 10_000)
    expect(notices()[1]).toContain("arrives as it is sent again")
  }, 20_000)

  test("heartbeats come twice in a lease while a job runs, and as seldom as they may otherwise", async () => {
    await restartGateway({ heartbeatSeconds: 60, leaseSeconds: 0.4 })
    await serving({ apiUrl: gateway.url })
    const before = gateway.heartbeats.length
    const job = gateway.give()
    const { step } = await stepped.started(0)
    const startedAt = performance.now()
    await until(() => gateway.heartbeats.length >= before + 5)
    expect(performance.now() - startedAt).toBeLessThan(2000)
    step(chunkOf("x", "stop"))
    step("end")
    await gateway.end(job)
    await until(() => eventsOf("jobEnded").length === 1)
    await new Promise((resolve) => void setTimeout(resolve, 500))
    const after = gateway.heartbeats.length
    await new Promise((resolve) => void setTimeout(resolve, 1000))
    expect(gateway.heartbeats).toHaveLength(after)
    expect(gateway.heartbeats.at(-1)).toHaveProperty("session", gateway.heartbeats[0]?.["session"])
  })

  test("heartbeats tell the jobs, and that there will be more", async () => {
    await serving()
    const job = gateway.give()
    await stepped.started(0)
    const jobs = await eventually(() =>
      gateway.heartbeats.find((one) => (one["jobs"] as ReadonlyArray<string>).length > 0),
    )
    expect(jobs).toMatchObject({ jobs: [job], is_draining: false })
  })
})

describe("trouble with the gateway", () => {
  test("a gateway that comes back is served again", async () => {
    await serving()
    const port = Number(new URL(gateway.url).port)
    await gateway.close()
    await until(() => eventsOf("disconnected").length > 0)
    gateway = await scriptedGateway({ port })
    // It has forgotten the host, too.
    await until(() => gateway.registrations.length === 1, 8000)
    const job = gateway.give()
    const { step } = await stepped.started(0)
    step(chunkOf("x", "stop"))
    step("end")
    expect(await gateway.end(job)).toMatchObject({ how: "complete" })
    expect(eventsOf("reconnected").length).toBeGreaterThan(0)
  })

  test("404: the host registers again, once, and keeps its new key", async () => {
    const { agent } = await serving()
    gateway.reset()
    await until(() => gateway.registrations.length === 2)
    const heartbeatsThen = gateway.heartbeats.length
    await until(() => gateway.heartbeats.length > heartbeatsThen + 2)
    expect(gateway.registrations).toHaveLength(2)
    expect(gateway.registrations[0]?.["registration_id"]).not.toBe(
      gateway.registrations[1]?.["registration_id"],
    )
    expect(JSON.parse(readFileSync(agent.stateFile, "utf8"))).toMatchObject({
      hostId: "host_2",
      apiKey: "hk_live_2",
    })
  })

  test("a key that is refused, and none of the account: it ends, says what to do, and stops what runs", async () => {
    await agentWith().register()
    const { served } = await serving({ apiKey: "" })
    gateway.give()
    await stepped.started(0)
    gateway.refuse(/heartbeat$/, 401)
    await expect(served).rejects.toThrow(
      /refuses the key of host host_1: refused by the test\. .* put the new one into .*state\.json.* --key, EVENKEEL_KEY/,
    )
    expect(stepped.stoppedAt).toHaveLength(1)
    expect(stepped.stops()).toBe(1)
    // What it was is kept: the gateway may remember it yet.
    gateway.refuse(undefined)
    await serving({ apiKey: "" })
    expect(gateway.registrations).toHaveLength(1)
  })

  test("a key that is refused, and one of the account: it registers anew and serves on", async () => {
    await serving()
    gateway.refuse(/host_1\/heartbeat$/, 401)
    await until(() => eventsOf("registered").length === 2)
    const job = gateway.give()
    const { step } = await stepped.started(0)
    step(chunkOf("x", "stop"))
    step("end")
    expect(await gateway.end(job)).toMatchObject({ how: "complete" })
    expect(eventsOf("registered")).toMatchObject([{ hostId: "host_1" }, { hostId: "host_2" }])
  })

  test("a gateway that refuses every key it gives is not given hosts without end", async () => {
    const { served } = await serving()
    gateway.refuse(/heartbeat$/, 401)
    await expect(served).rejects.toThrow("refuses every key that it gives")
    expect(gateway.registrations.length).toBeLessThan(7)
  }, 20_000)

  test.each([401, 403, 404])(
    "%i to a poll decides nothing while the heartbeat is answered",
    async (status) => {
      await serving()
      gateway.refuse(/next-job$/, status)
      gateway.reset()
      gateway.remember()
      const heartbeatsThen = gateway.heartbeats.length
      await until(() => gateway.heartbeats.length > heartbeatsThen + 20)
      expect(gateway.registrations).toHaveLength(1)
      gateway.refuse(undefined)
      const job = gateway.give()
      const { step } = await stepped.started(0)
      step(chunkOf("x", "stop"))
      step("end")
      expect(await gateway.end(job)).toMatchObject({ how: "complete" })
    },
  )

  test("it waits as long as the gateway says", async () => {
    await restartGateway({ heartbeatSeconds: 60 })
    await serving({ apiUrl: gateway.url })
    gateway.refuse(/next-job$/, 503, { "retry-after": "2" })
    gateway.reset()
    await until(() => eventsOf("disconnected").length > 0)
    expect(eventsOf("disconnected")).toMatchObject([{ retryMillis: 2000 }])
  })
})

describe("stopping", () => {
  test("SIGTERM: no more jobs, what runs may finish", async () => {
    const { served } = await serving({ handlesSignals: true, drainSeconds: 10 })
    const job = gateway.give()
    const { step } = await stepped.started(0)
    await until(() => gateway.uploads.get(job)?.isOpen === true)
    process.emit("SIGTERM")
    await until(() => gateway.heartbeats.at(-1)?.["is_draining"] === true)
    const knownAt = performance.now()
    // A job that was handed out before the gateway knew is not lost.
    const late = gateway.give()
    const second = await stepped.started(1)
    second.step(chunkOf("x", "stop"))
    second.step("end")
    expect(await gateway.end(late)).toMatchObject({ how: "complete" })
    // The last poll ends a moment after the gateway knows; between two polls there is none, either.
    await until(() => performance.now() - knownAt > 600 && gateway.openPolls() === 0)
    gateway.give()
    step(chunkOf("x", "stop"))
    step("end")
    await served
    expect(gateway.ends.get(job)).toMatchObject({ how: "complete" })
    expect(stepped.running).toHaveLength(2)
    expect(stepped.stops()).toBe(1)
    expect(gateway.heartbeats.at(-1)).toMatchObject({ is_draining: true, jobs: [] })
    expect(events.slice(-2)).toMatchObject([{ type: "jobEnded" }, { type: "stopped" }])
    expect(process.listenerCount("SIGTERM")).toBe(0)
  })

  test("what does not finish in time is told: before its first token it is free for others", async () => {
    const { agent } = await serving()
    const [untouched, begun] = [gateway.give(), gateway.give()]
    const { step } = await stepped.started(1)
    step(chunkOf("x"))
    await until(() => gateway.uploads.get(begun)?.chunks.length === 1)
    await agent.stop()
    expect(gateway.ends.get(untouched)).toMatchObject({
      how: "fail",
      body: { outcome: "backpressure" },
    })
    expect(gateway.ends.get(begun)).toMatchObject({ how: "fail", body: { outcome: "truncated" } })
  })

  test("a stop before the gateway was ever reached", async () => {
    gateway.refuse(/./, 503)
    const agent = agentWith()
    const served = agent.serve()
    await until(() => eventsOf("disconnected").length > 0)
    await agent.stop()
    await served
    expect(stepped.stops()).toBe(1)
  })
})
