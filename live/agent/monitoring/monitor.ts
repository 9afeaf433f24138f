/**
 * The checks of a machine that is sold by the hour, as its market asks for them, and the alerts that follow
 * (docs/hours.md#checks-and-alerts). What they find goes out with the heartbeats, an alert at once. Of all of it only a
 * GPU that is gone changes anything here: whoever asks `isHolding` takes no more work until it is back.
 */
import type {
  AlertName,
  CheckName,
  HostHealth,
  Monitoring,
} from "../../protocol/figures-protocol.ts"
import { alertNames, checkNames } from "../../protocol/figures-protocol.ts"
import type { Gpu } from "../machine/gpus.ts"
import type { AgentEvent } from "../plan/options.ts"
import type { Alert, Band } from "./alert-machine.ts"
import { bandOf, calm, gpuBand, measured } from "./alert-machine.ts"
import { makeJobCount, memoryInUse } from "./readings.ts"

export interface MonitorOptions {
  readonly say: (event: AgentEvent) => void
  /** Resolves once the gateway has answered something small. */
  readonly ping: () => Promise<unknown>
  /** An alert has changed: the gateway is to hear of it now. */
  readonly urge: () => void
  /** Those that are there now. */
  readonly gpus: () => Promise<ReadonlyArray<Gpu>>
  readonly nowMillis?: () => number
  /** Runs something now and then again and again; gives what ends that. */
  readonly repeat?: (run: () => void, everyMillis: number) => () => void
}

export interface Monitor {
  /** Looks at what is asked for from now on; `undefined`: at nothing. The same as before changes nothing. */
  readonly follow: (monitoring: Monitoring | undefined) => void
  /** What goes with a heartbeat; `undefined` where nothing is asked for. */
  readonly health: () => HostHealth | undefined
  readonly jobEnded: (isSuccess: boolean) => void
  /** A GPU is gone. */
  readonly isHolding: () => boolean
  readonly stop: () => void
}

/** By which check each alert is decided. */
const alertOf: Partial<Readonly<Record<CheckName, AlertName>>> = {
  gpu_status: "gpu_failure",
  memory_usage: "high_memory",
  job_success_rate: "job_failure_rate",
}

const repeated = (run: () => void, everyMillis: number): (() => void) => {
  run()
  const timer = setInterval(run, everyMillis)
  return () => clearInterval(timer)
}

export const makeMonitor = (options: MonitorOptions): Monitor => {
  const { say, ping, urge, gpus, nowMillis = () => performance.now() } = options
  const { repeat = repeated } = options
  const jobs = makeJobCount()
  const values = new Map<CheckName, number | null>()
  const alerts = new Map<AlertName, Alert>()
  const underWay = new Set<CheckName>()
  /** As many GPUs as were ever there at once: fewer are some that have gone. */
  let mostGpus = 0
  let asked: Monitoring | undefined
  let endChecks: ReadonlyArray<() => void> = []

  /** What a check found, and what its alert is decided by. */
  const look = async (
    check: CheckName,
  ): Promise<{ readonly value: number | undefined; readonly decides?: number | undefined }> => {
    switch (check) {
      case "gpu_status": {
        const { length } = await gpus()
        mostGpus = Math.max(mostGpus, length)
        return { value: length, decides: mostGpus - length }
      }
      case "memory_usage": {
        const value = memoryInUse(await gpus())
        return { value, decides: value }
      }
      case "network_latency": {
        const since = nowMillis()
        const isThere = await ping().then(
          () => true,
          () => false,
        )
        return { value: isThere ? nowMillis() - since : undefined }
      }
      case "job_success_rate": {
        const value = jobs.successRate(nowMillis())
        return { value, decides: value === undefined ? undefined : 1 - value }
      }
    }
  }
  const check = async (name: CheckName): Promise<void> => {
    // One that hangs is not asked again beside itself.
    if (underWay.has(name)) return
    underWay.add(name)
    try {
      const { value, decides } = await look(name)
      if (asked?.health_checks[name] === undefined) return
      values.set(name, value ?? null)
      const alert = alertOf[name]
      if (alert !== undefined && decides !== undefined) decide(alert, decides)
    } finally {
      underWay.delete(name)
    }
  }
  const decide = (name: AlertName, value: number): void => {
    const band = bandFor(name, asked)
    if (band === undefined) return
    const { alert, isTold } = measured(alerts.get(name) ?? calm, value, band)
    alerts.set(name, alert)
    if (!isTold) return
    const { state } = alert
    if (state !== "ok") say({ type: "alert", alert: name, state, value })
    urge()
  }

  const start = (): ReadonlyArray<() => void> =>
    checkNames.flatMap((name) => {
      const every = asked?.health_checks[name]
      return every === undefined ? [] : repeat(() => void check(name), millisOf(every))
    })
  const stop = (): void => {
    for (const end of endChecks) end()
    endChecks = []
  }

  return {
    follow: (monitoring) => {
      if (JSON.stringify(monitoring) === JSON.stringify(asked)) return
      stop()
      asked = monitoring
      for (const name of checkNames)
        if (asked?.health_checks[name] === undefined) values.delete(name)
      for (const name of alertNames) if (bandFor(name, asked) === undefined) alerts.delete(name)
      endChecks = start()
    },
    health: () =>
      asked === undefined
        ? undefined
        : {
            checks: checkNames.flatMap((name) => {
              const value = values.get(name)
              return value === undefined ? [] : { check: name, value }
            }),
            firing: [...alerts].flatMap(([name, { state, value }]) =>
              state === "firing" ? { alert: name, value } : [],
            ),
          },
    jobEnded: (isSuccess) => jobs.note(isSuccess, nowMillis()),
    isHolding: () => alerts.get("gpu_failure")?.state === "firing",
    stop,
  }
}

/** `undefined`: it is not asked for, or without the check that decides it. */
const bandFor = (name: AlertName, asked: Monitoring | undefined): Band | undefined => {
  const threshold = asked?.alerts[name]
  if (threshold === undefined) return undefined
  return threshold === "immediate" ? gpuBand : bandOf(Number(threshold.slice(0, -1)))
}

const unitMillis: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 }

/** Of such as 30s, 5min. */
export const millisOf = (every: string): number => {
  const [, count, unit = ""] = /^(\d+)(s|min|h)$/.exec(every) ?? []
  const millis = unitMillis[unit]
  if (millis === undefined) throw new Error(`monitoring: ${every} is no span of time`)
  return Number(count) * millis
}
