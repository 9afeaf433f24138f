/**
 * What the agents of machines look at, and the alerts that they tell of (docs/hours.md#checks-and-alerts). The gateway
 * asks for checks and hears what they found; an alert changes nothing in the market, but the agent whose GPU
 * failed drains. Several agents of one machine: it fires while any of those that are heard of says so.
 */
import type { GpuRecord, HostRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { badRequest } from "../http/http-error.ts"
import type { Heartbeat } from "../protocol/host-protocol.ts"
import type {
  AlertName,
  AlertView,
  HostHealth,
  Monitoring,
  MonitoringView,
} from "../protocol/figures-protocol.ts"
import { alertNames } from "../protocol/figures-protocol.ts"
import type { Gpus, Listed } from "./gpus.ts"
import type { History } from "./history.ts"
import type { MarketCalendar } from "./market-calendar.ts"

/** How long what an agent said counts, where it is not heard of again. */
const heardMicros = 600_000_000

export interface AlertParts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
  readonly gpus: Gpus
  readonly history: History
}

export interface Alerts {
  /** What is asked of a machine's agent; `undefined`: nothing. */
  readonly askedOf: (host: HostRecord) => Monitoring | undefined
  readonly hear: (host: HostRecord, report: Heartbeat) => void
  /** `null`: nothing is looked at any more. */
  readonly configure: (listed: Listed, monitoring: Monitoring | null) => void
  readonly checksOf: (host: number) => (HostHealth & { readonly at: number }) | undefined
  readonly view: (listed: Listed) => MonitoringView
  /** Of an account's machines: those that fire first, then the latest. */
  readonly of: (account: number) => ReadonlyArray<AlertView>
}

type AlertRecord = NonNullable<GpuRecord["alerts"]>[number]
/** What an agent said last, by its session. */
type Said = Map<string, HostHealth & { readonly at: number }>

/** What fires by its alert's own measure. */
const needs = {
  gpu_failure: "gpu_status",
  high_memory: "memory_usage",
  job_failure_rate: "job_success_rate",
} as const satisfies Record<AlertName, keyof Monitoring["health_checks"]>

export const makeAlerts = ({ services, calendar, gpus, history }: AlertParts): Alerts => {
  const { directory, driver } = services
  const said = new Map<number, Said>()

  const latestOf = (host: number): ReturnType<Alerts["checksOf"]> =>
    [...(said.get(host)?.values() ?? [])].toSorted((one, other) => other.at - one.at)[0]

  /** Brings the alerts of a machine to what is said of them now, and tells of what has changed. */
  const bring = (
    gpu: GpuRecord,
    account: HostRecord["account"],
    firing: ReadonlyMap<AlertName, number>,
    at: number,
  ): void => {
    const before = new Map((gpu.alerts ?? []).map((one) => [one.alert, one]))
    const after = new Map(before)
    const changed = (alert: AlertName, state: AlertRecord["state"], value: number): void => {
      after.set(alert, { alert, state, value, sinceAt: at })
      history.tellOf(
        { gpu: gpu.id, account, provider: account },
        { kind: `alert.${state}`, details: { alert, value }, atMicros: at },
      )
    }
    for (const alert of alertNames) {
      const known = before.get(alert)
      const value = firing.get(alert)
      if (value !== undefined && known?.state !== "firing") changed(alert, "firing", value)
      if (value === undefined && known?.state === "firing") changed(alert, "resolved", known.value)
    }
    if ([...after.values()].some((one) => before.get(one.alert) !== one))
      directory.gpus.put({ ...gpu, alerts: [...after.values()] })
  }

  const shown = ({ alert, state, value, sinceAt }: AlertRecord, gpu: GpuRecord) => ({
    alert,
    state,
    since: calendar.isoOf(sinceAt),
    value,
    threshold: gpu.monitoring?.alerts[alert] ?? null,
  })

  const asked = (host: number): GpuRecord | undefined => {
    const gpu = directory.gpus.get(host)
    return gpu === undefined || gpu.removedAtMillis !== undefined ? undefined : gpu
  }

  return {
    askedOf: ({ id }) => asked(id)?.monitoring,
    hear: (host, { health, session = "" }) => {
      const gpu = asked(host.id)
      if (gpu === undefined || health === undefined) return
      const at = driver.clock.nowMicros()
      const sessions: Said = said.get(host.id) ?? new Map()
      said.set(host.id, sessions)
      sessions.set(session, { ...health, at })
      for (const [name, one] of sessions) if (one.at + heardMicros < at) sessions.delete(name)
      const firing = new Map<AlertName, number>()
      for (const one of sessions.values())
        for (const { alert, value } of one.firing)
          // What is not asked for any more is not told of either, whatever an agent says still.
          if (gpu.monitoring?.alerts[alert] !== undefined)
            firing.set(alert, Math.max(value, firing.get(alert) ?? 0))
      bring(gpu, host.account, firing, at)
    },
    configure: ({ gpu, host }, monitoring) => {
      if (monitoring !== null) requireChecks(monitoring)
      const { monitoring: _before, ...rest } = gpu
      const changed: GpuRecord = monitoring === null ? rest : { ...rest, monitoring }
      directory.gpus.put(changed)
      const kept = new Map(
        (gpu.alerts ?? []).flatMap(({ alert, state, value }) =>
          state === "firing" && monitoring?.alerts[alert] !== undefined
            ? [[alert, value] as const]
            : [],
        ),
      )
      bring(changed, host.account, kept, driver.clock.nowMicros())
    },
    checksOf: latestOf,
    view: ({ gpu, host }) => {
      const latest = latestOf(gpu.id)
      return {
        gpu_id: host.publicId,
        monitoring: gpu.monitoring ?? null,
        checks: latest?.checks ?? [],
        checked_at: calendar.isoOrNull(latest?.at),
        alerts: (gpu.alerts ?? []).map((one) => shown(one, gpu)),
      }
    },
    of: (account) =>
      gpus
        .all()
        .filter(({ host }) => host.account === account)
        .flatMap(({ gpu, host }) =>
          (gpu.alerts ?? []).map((one) => ({ one, gpu, name: host.name, id: host.publicId })),
        )
        .toSorted(
          ({ one }, { one: other }) =>
            Number(other.state === "firing") - Number(one.state === "firing") ||
            other.sinceAt - one.sinceAt,
        )
        .map(({ one, gpu, name, id }) => ({ gpu_id: id, gpu: name, ...shown(one, gpu) })),
  }
}

/** An alert without its check would never fire. */
const requireChecks = ({ health_checks: checks, alerts }: Monitoring): void => {
  for (const alert of alertNames)
    if (alerts[alert] !== undefined && checks[needs[alert]] === undefined)
      throw badRequest(
        `\`alerts.${alert}\`: must come with the check that it needs, health_checks.${needs[alert]}`,
        `alerts.${alert}`,
      )
}
