/**
 * A gateway that forgets, as an agent's link to it, in virtual time: hosts are removed, keys revoked or
 * unknown, older backups put back; it may be away, busy, or hidden behind something that answers for it.
 * Answers take a moment, in which anything may happen, and may be lost on their way.
 */
import type { GatewayLink, Upload } from "../../../../live/agent/serving/gateway-link.ts"
import { Refused } from "../../../../live/agent/serving/gateway-link.ts"
import { Unreachable } from "../../../../live/agent/transport/http.ts"
import { pause } from "./pause.ts"
import type { HeartbeatAnswer, Registered } from "../../../../live/protocol/host-protocol.ts"

interface KnownHost {
  readonly registrationId: string
  readonly keys: ReadonlySet<string>
}

/** What happens to whoever calls. `strange404`: by something in front of it. */
export type Weather = "fair" | "away" | "busy" | "strange404" | "losesAnswers"

export interface ForgetfulGateway {
  /** A link of its own for each agent. */
  readonly link: () => GatewayLink
  /** Forgets the host, its key, or both. */
  readonly removeHosts: () => void
  readonly forgetKeys: () => void
  readonly backUp: () => void
  readonly restore: () => void
  readonly setWeather: (weather: Weather) => void
  readonly hosts: () => ReadonlyMap<string, KnownHost>
  /** Sessions that wait in a poll now, with a key that is good. */
  readonly polling: () => ReadonlySet<string>
  readonly calls: Readonly<Record<"register" | "heartbeat" | "poll" | "renewKey", number>>
}

const accountKey = "sk_live_account"
export const tripMillis = 5
const pollSeconds = 25
const heartbeatSeconds = 30

export const forgetfulGateway = (): ForgetfulGateway => {
  let hosts: ReadonlyMap<string, KnownHost> = new Map()
  let backup = hosts
  let weather: Weather = "fair"
  let made = 0
  const calls = { register: 0, heartbeat: 0, poll: 0, renewKey: 0 }
  const polls = new Set<{ readonly session: string; readonly check: () => void }>()

  const put = (id: string, host: KnownHost): void => {
    hosts = new Map([...hosts, [id, host]])
  }
  const newKey = (): string => `hk_live_${++made}`
  /** There and back, with what is between. */
  const trip = async <A>(answer: () => A): Promise<A> => {
    await pause(tripMillis)
    if (weather === "away") throw new Unreachable({ message: "nothing listens there" })
    if (weather === "busy") throw new Refused({ status: 503, message: "busy" })
    if (weather === "strange404") throw new Refused({ status: 404, message: "no such page" })
    const given = answer()
    await pause(tripMillis)
    if ((weather as Weather) === "losesAnswers")
      throw new Unreachable({ message: "the connection broke" })
    return given
  }
  const requireKey = (hostId: string, key: string): void => {
    const host = hosts.get(hostId)
    if (host === undefined)
      throw new Refused({ status: 404, message: `There is no host ${hostId}` })
    if (!host.keys.has(key)) throw new Refused({ status: 401, message: "No valid key" })
  }

  const link = (): GatewayLink => {
    let own = { hostId: "", apiKey: "" }
    return {
      sellHours: () => Promise.resolve(),
      monitorHours: () => Promise.resolve(),
      areHoursOffered: () => Promise.resolve(true),
      offerHours: () => Promise.resolve(),
      ping: () => Promise.resolve(),
      startDelivery: () => Promise.resolve(),
      actAs: (host) => {
        own = host
      },
      register: (key, { registration_id = "" }) =>
        trip(() => {
          calls.register += 1
          if (key !== accountKey) throw new Refused({ status: 401, message: "No valid key" })
          const before = [...hosts].find(([, one]) => one.registrationId === registration_id)
          if (before !== undefined) return registered(before[0], null)
          const [id, apiKey] = [`host_${++made}`, newKey()]
          put(id, { registrationId: registration_id, keys: new Set([apiKey]) })
          return registered(id, apiKey)
        }),
      setPrice: () => trip(() => {}),
      renewKey: (_key, host_id) =>
        trip(() => {
          calls.renewKey += 1
          const host = hosts.get(host_id)
          if (host === undefined)
            throw new Refused({ status: 404, message: `There is no host ${host_id}` })
          const api_key = newKey()
          put(host_id, { ...host, keys: new Set([api_key]) })
          return { host_id, api_key }
        }),
      heartbeat: (hostId) => {
        calls.heartbeat += 1
        const { apiKey } = own
        return trip((): HeartbeatAnswer => {
          requireKey(hostId, apiKey)
          return {
            status: "active",
            heartbeat_interval_seconds: heartbeatSeconds,
            lease_seconds: 20,
            poll_seconds: pollSeconds,
            jobs: [],
            stop: [],
          }
        })
      },
      nextJob: async (_seconds, session, signal) => {
        calls.poll += 1
        const { hostId, apiKey } = own
        await trip(() => requireKey(hostId, apiKey))
        const broken = new AbortController()
        const poll = {
          session,
          check: () => {
            if (hosts.get(hostId)?.keys.has(apiKey) !== true) broken.abort()
          },
        }
        polls.add(poll)
        await pause(pollSeconds * 1000, AbortSignal.any([signal, broken.signal]))
        polls.delete(poll)
        if (signal.aborted) throw signal.reason
        requireKey(hostId, apiKey)
        return { job: undefined, skipped: undefined }
      },
      listedModels: async () => ["m"],
      changeModels: () => trip(() => requireKey(own.hostId, own.apiKey)),
      upload: (): Upload => {
        throw new Error("nobody has given a job")
      },
      complete: async () => {},
      fail: async () => {},
    }
  }

  const change = (next: ReadonlyMap<string, KnownHost>): void => {
    hosts = next
    for (const { check } of polls) check()
  }
  return {
    link,
    removeHosts: () => change(new Map()),
    forgetKeys: () =>
      change(new Map([...hosts].map(([id, host]) => [id, { ...host, keys: new Set<string>() }]))),
    backUp: () => {
      backup = hosts
    },
    restore: () => change(backup),
    setWeather: (next) => {
      weather = next
    },
    hosts: () => hosts,
    polling: () => new Set([...polls].map(({ session }) => session)),
    calls,
  }
}

const registered = (host_id: string, api_key: string | null): Registered =>
  ({ host_id, api_key }) as Registered
