/**
 * The market as it happens, as server-sent events: its state, a second apart at most and only where
 * it has changed, and what is worth knowing at once (an instance parked, a bounty announced, a
 * finding of the audit). Public facts only.
 *
 * Bounded: so many readers, so many of one address, and whoever reads too slowly is let go. A reader
 * that comes back gets the whole state again, so that nothing has to be kept for it.
 */
import type { ServerResponse } from "node:http"
import type { Command } from "../../engine/index.ts"
import { microsPerSecond } from "../../engine/index.ts"
import { overloaded } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import { isOfAccount } from "../views/findings.ts"
import { marketState } from "./market-state.ts"
import { makeMinuteRates } from "./minute-rates.ts"
import type { MinuteRates } from "./minute-rates.ts"

export interface FeedLimits {
  readonly readers: number
  readonly readersOfOneAddress: number
  /** Unread bytes at which a reader is let go. */
  readonly unreadBytes: number
  readonly stateMillis: number
  /** A comment so often keeps proxies from ending a quiet connection. */
  readonly keepAliveMillis: number
}

const defaultLimits: FeedLimits = {
  readers: 500,
  readersOfOneAddress: 20,
  unreadBytes: 262_144,
  stateMillis: 1000,
  keepAliveMillis: 15_000,
}

export interface Feed {
  /** Sends the feed to a response whose headers are not written yet, until either side ends it. */
  readonly join: (response: ServerResponse, address: string, headers: Headers) => void
  readonly rates: MinuteRates
  readonly readers: () => number
  /** Ends all connections; new ones are refused. */
  readonly close: () => void
}

type Headers = Readonly<Record<string, string | number | Array<string> | undefined>>

export const makeFeed = (services: LiveServices, given: Partial<FeedLimits> = {}): Feed => {
  const limits = { ...defaultLimits, ...given }
  const rates = makeMinuteRates(services)
  const readers = new Map<ServerResponse, string>()
  let lastState = ""
  let lastEvent = ""
  let timers: ReadonlyArray<NodeJS.Timeout> = []
  let isClosed = false

  const send = (response: ServerResponse, text: string): void => {
    response.write(text)
    if (response.writableLength > limits.unreadBytes) leave(response)
  }
  const broadcast = (text: string): void => {
    for (const response of readers.keys()) send(response, text)
  }
  /** Looks at the market; tells whether anything but the time has changed. */
  const look = (): boolean => {
    const { at, ...state } = marketState(services, rates)
    const text = JSON.stringify(state)
    if (text === lastState) return false
    lastState = text
    lastEvent = eventText("market", { at, ...state })
    return true
  }
  const sendState = (): void => {
    if (look()) broadcast(lastEvent)
  }

  const start = (): void => {
    timers = [
      setInterval(sendState, limits.stateMillis),
      setInterval(() => broadcast(": still here\n\n"), limits.keepAliveMillis),
    ]
    // An open page alone keeps no server alive.
    for (const timer of timers) timer.unref()
  }
  const leave = (response: ServerResponse): void => {
    if (!readers.delete(response)) return
    response.destroy()
    if (readers.size === 0) for (const timer of timers) clearInterval(timer)
  }

  const join: Feed["join"] = (response, address, headers) => {
    const ofAddress = [...readers.values()].filter((one) => one === address).length
    if (isClosed || readers.size >= limits.readers || ofAddress >= limits.readersOfOneAddress)
      throw overloaded("Too many readers of the feed; GET /market gives the state once", 30)
    if (readers.size === 0) start()
    readers.set(response, address)
    response.once("close", () => leave(response))
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // nginx would otherwise hold events back.
      "x-accel-buffering": "no",
    })
    // While anybody reads, the latest state is no older than the timer's step.
    if (readers.size === 1) look()
    send(response, `retry: 3000\n\n${lastEvent}`)
  }

  services.driver.addTaker((command) => {
    rates.take(command)
    if (readers.size === 0) return
    const text = newsText(services, command)
    if (text !== undefined) broadcast(text)
  })
  return {
    join,
    rates,
    readers: () => readers.size,
    close: () => {
      isClosed = true
      for (const response of readers.keys()) leave(response)
    },
  }
}

const eventText = (name: string, data: object): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** What is told at once; `undefined` for everything that is private or told by the state. */
const newsText = (services: LiveServices, command: Command): string | undefined => {
  switch (command._tag) {
    case "Park": {
      const seconds = (command.untilMicros - services.driver.clock.nowMicros()) / microsPerSecond
      return eventText("park", {
        ...placeOf(services, command.instance),
        recovers_in_seconds: Math.max(0, Math.round(seconds)),
      })
    }
    case "Announce":
      return eventText("announce", {
        model: services.directory.models.get(command.model)?.name ?? null,
        bounty_multiplier: command.multiplierHundredths / 100,
      })
    case "Audit":
      // What is about an account is nobody else's news.
      return isOfAccount(command.finding)
        ? undefined
        : eventText("audit", { ...placeOf(services, command.subject), finding: command.finding })
    default:
      return undefined
  }
}

const placeOf = ({ directory }: LiveServices, id: number) => {
  const instance = directory.instances.get(id)
  const host = instance === undefined ? undefined : directory.hosts.get(instance.host)
  const model = instance === undefined ? undefined : directory.models.get(instance.model)
  return {
    host_id: host?.publicId ?? null,
    host: host?.name ?? null,
    model: model?.name ?? null,
  }
}
