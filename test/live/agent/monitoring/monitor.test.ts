import { describe, expect, it } from "vitest"
import { makeMonitor, millisOf } from "../../../../live/agent/monitoring/monitor.ts"
import { makeOfferHold } from "../../../../live/agent/monitoring/offer-hold.ts"
import { makeJobCount, memoryInUse } from "../../../../live/agent/monitoring/readings.ts"
import type { Gpu } from "../../../../live/agent/machine/gpus.ts"
import type { AgentEvent } from "../../../../live/agent/plan/options.ts"
import type { Monitoring } from "../../../../live/protocol/figures-protocol.ts"

const gpu = (memoryUsedMib = 1000): Gpu => ({ name: "L4", memoryTotalMib: 10_000, memoryUsedMib })

/** 003's. */
const asked: Monitoring = {
  health_checks: {
    gpu_status: "30s",
    memory_usage: "10s",
    network_latency: "60s",
    job_success_rate: "5min",
  },
  alerts: { gpu_failure: "immediate", high_memory: "85%", job_failure_rate: "10%" },
}

/** A monitor whose machine, time and checks are the test's. */
const watched = (monitoring: Monitoring | undefined = asked) => {
  const events: Array<AgentEvent> = []
  const runs = new Map<number, () => void>()
  let gpus: ReadonlyArray<Gpu> = [gpu(), gpu()]
  let now = 0
  let urged = 0
  let pingMillis = 7
  const monitor = makeMonitor({
    say: (event) => events.push(event),
    ping: async () => {
      if (pingMillis < 0) throw new Error("gone")
      now += pingMillis
    },
    urge: () => urged++,
    gpus: async () => gpus,
    nowMillis: () => now,
    repeat: (run, everyMillis) => {
      runs.set(everyMillis, run)
      run()
      return () => runs.delete(everyMillis)
    },
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  monitor.follow(monitoring)
  return {
    monitor,
    events,
    runs,
    settle,
    urged: () => urged,
    look: async () => {
      for (const run of runs.values()) run()
      await settle()
    },
    setGpus: (given: ReadonlyArray<Gpu>) => {
      gpus = given
    },
    setPing: (millis: number) => {
      pingMillis = millis
    },
    pass: (millis: number) => {
      now += millis
    },
  }
}

const alertsIn = (events: ReadonlyArray<AgentEvent>) =>
  events.flatMap((event) => (event.type === "alert" ? [`${event.alert} ${event.state}`] : []))

describe("a monitor", () => {
  it("makes the checks that are asked for, as often as that, and says what they found", async () => {
    const { monitor, runs, settle } = watched()
    await settle()
    expect([...runs.keys()]).toEqual([30_000, 10_000, 60_000, 300_000])
    expect(monitor.health()).toEqual({
      checks: [
        { check: "gpu_status", value: 2 },
        { check: "memory_usage", value: 0.1 },
        { check: "network_latency", value: 7 },
        { check: "job_success_rate", value: null },
      ],
      firing: [],
    })
    monitor.follow(undefined)
    expect(monitor.health()).toBeUndefined()
    expect(runs.size).toBe(0)
  })

  it("holds the host while a GPU is gone, and tells of it at once", async () => {
    const { monitor, events, setGpus, look, settle, urged } = watched()
    await settle()
    expect(monitor.isHolding()).toBe(false)
    setGpus([gpu()])
    await look()
    expect(monitor.isHolding()).toBe(true)
    expect(monitor.health()?.firing).toEqual([{ alert: "gpu_failure", value: 1 }])
    expect(urged()).toBe(1)
    await look()
    setGpus([gpu(), gpu()])
    await look()
    expect(monitor.isHolding()).toBe(false)
    expect(alertsIn(events)).toEqual(["gpu_failure firing", "gpu_failure resolved"])
    expect(urged()).toBe(2)
  })

  it("has no GPU to miss where there never was one", async () => {
    const { monitor, setGpus, look } = watched({ health_checks: {}, alerts: {} })
    setGpus([])
    monitor.follow(asked)
    await look()
    expect(monitor.health()?.checks).toContainEqual({ check: "gpu_status", value: 0 })
    expect(monitor.isHolding()).toBe(false)
  })

  it("tells of memory by the fullest GPU, and holds nothing for it", async () => {
    const { monitor, events, setGpus, look, settle } = watched()
    await settle()
    setGpus([gpu(8600), gpu(0)])
    await look()
    setGpus([gpu(8200), gpu(0)])
    await look()
    expect(alertsIn(events)).toEqual(["high_memory firing"])
    expect(monitor.isHolding()).toBe(false)
    setGpus([gpu(7900), gpu(0)])
    await look()
    expect(alertsIn(events)).toEqual(["high_memory firing", "high_memory resolved"])
  })

  it("judges jobs by 20 of the last hour at least", async () => {
    const { monitor, events, look, pass, settle } = watched()
    await settle()
    for (let job = 0; job < 19; job++) monitor.jobEnded(job > 2)
    await look()
    expect(alertsIn(events)).toEqual([])
    monitor.jobEnded(true)
    await look()
    expect(alertsIn(events)).toEqual(["job_failure_rate firing"])
    pass(3_600_000)
    await look()
    expect(monitor.health()?.checks).toContainEqual({ check: "job_success_rate", value: null })
    // Nothing is known, so nothing has changed.
    expect(monitor.health()?.firing).toMatchObject([{ alert: "job_failure_rate" }])
    for (let job = 0; job < 20; job++) monitor.jobEnded(true)
    await look()
    expect(alertsIn(events).at(-1)).toBe("job_failure_rate resolved")
  })

  it("says that a gateway is not there as a latency that is not known", async () => {
    const { monitor, setPing, look, settle } = watched()
    await settle()
    setPing(-1)
    await look()
    expect(monitor.health()?.checks).toContainEqual({ check: "network_latency", value: null })
  })

  it("forgets an alert that is asked for no more, and asks again for nothing twice", async () => {
    const { monitor, setGpus, look, settle, runs } = watched()
    await settle()
    setGpus([])
    await look()
    const { gpu_failure: _unasked, ...alerts } = asked.alerts
    const before = runs.get(30_000)
    monitor.follow(structuredClone(asked))
    expect(runs.get(30_000)).toBe(before)
    monitor.follow({ ...asked, alerts })
    await settle()
    expect(monitor.isHolding()).toBe(false)
    expect(monitor.health()?.firing).toEqual([])
  })
})

describe("readings", () => {
  it("are the fullest GPU's memory, where any says it", () => {
    expect(memoryInUse([gpu(500), gpu(9000)])).toBe(0.9)
    expect(memoryInUse([{ name: "L4" }])).toBeUndefined()
    expect(memoryInUse([])).toBeUndefined()
  })

  it("are of spans of time as people write them", () => {
    expect([millisOf("30s"), millisOf("5min"), millisOf("1h")]).toEqual([
      30_000, 300_000, 3_600_000,
    ])
    expect(() => millisOf("soon")).toThrow("no span")
  })

  it("forget jobs after an hour", () => {
    const jobs = makeJobCount()
    for (let job = 0; job < 20; job++) jobs.note(job % 2 === 0, 0)
    expect(jobs.successRate(3_599_999)).toBe(0.5)
    expect(jobs.successRate(3_600_000)).toBeUndefined()
  })
})

describe("an offer", () => {
  const held = (offered: boolean) => {
    let isOffered = offered
    let fails = false
    const offers: Array<boolean> = []
    const hold = makeOfferHold({
      isOffered: async () => isOffered,
      offer: async (wanted) => {
        if (fails) throw new Error("away")
        isOffered = wanted
        offers.push(wanted)
      },
      say: () => {},
    })
    return {
      hold,
      offers,
      setFails: (given: boolean) => {
        fails = given
      },
    }
  }

  it("ends while it is held, and comes back once", async () => {
    const { hold, offers } = held(true)
    for (const isHolding of [false, true, true, false, false]) await hold.see(isHolding)
    expect(offers).toEqual([false, true])
  })

  it("that its provider paused stays paused", async () => {
    const { hold, offers } = held(false)
    for (const isHolding of [true, false]) await hold.see(isHolding)
    expect(offers).toEqual([])
  })

  it("is tried again where the gateway was not there", async () => {
    const { hold, offers, setFails } = held(true)
    setFails(true)
    await hold.see(true)
    setFails(false)
    await hold.see(true)
    expect(offers).toEqual([false])
  })
})
