/** A gateway that sells hours, with a clock that the test moves: a provider's machine, a buyer with credit. */
import { Layer } from "effect"
import { booksView } from "../../../engine/index.ts"
import { MarketClock } from "../../../live/driver/clock.ts"
import type { RunningGateway } from "../../../live/start/start.ts"
import { runningGateway } from "../support/gateway.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import { manualClock } from "../support/manual-clock.ts"

export const second = 1_000_000
export const minute = 60 * second
export const hour = 60 * minute

export interface Answer {
  readonly status: number
  // Answers are looked at field by field; what is missing fails the test.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

export interface Party {
  readonly id: string
  readonly key: string
}

export interface HoursGateway extends RunningGateway {
  readonly clock: ManualClock
  readonly adminKey: string
  readonly folder: string
  readonly stop: () => Promise<void>
  readonly call: (
    method: string,
    path: string,
    key?: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>
  readonly signUp: (name: string, credits?: string) => Promise<Party>
  /** Registers a machine with 003's prices unless told otherwise; its host has beaten once. */
  readonly sell: (
    provider: Party,
    terms?: Readonly<Record<string, unknown>>,
  ) => Promise<{ readonly id: string; readonly key: string; readonly view: Answer["body"] }>
  readonly beat: (gpu: { readonly id: string; readonly key: string }) => Promise<Answer["body"]>
  /** Lets time pass, with the machines' heartbeats all along. */
  readonly pass: (
    micros: number,
    ...gpus: ReadonlyArray<{ readonly id: string; readonly key: string }>
  ) => Promise<void>
  /** Nothing is held, and all balances add up to 0. */
  readonly books: () => { readonly total: number; readonly held: number }
}

interface Options {
  readonly preset?: string
  readonly knobs?: Readonly<Record<string, unknown>>
  readonly folder?: string
  readonly clock?: ManualClock
  readonly adminKey?: string
  readonly settings?: Readonly<Record<string, unknown>>
}

export const hoursGateway = async (options: Options = {}): Promise<HoursGateway> => {
  const { folder = temporaryFolder(), clock = manualClock() } = options
  const gateway = await runningGateway(
    {
      economy: {
        preset: options.preset ?? "aitbc",
        // Machines may be silent for longer than they are while a test lets time pass.
        knobs: {
          promotion: { grantCredits: 0 },
          liveness: { missedHeartbeats: 12 },
          ...options.knobs,
        },
      },
      ...options.settings,
    },
    folder,
    { clock: Layer.succeed(MarketClock, clock) },
  )
  const adminKey = gateway.adminSecret ?? options.adminKey ?? ""
  const call: HoursGateway["call"] = async (method, path, key, body, headers = {}) => {
    const response = await fetch(gateway.url + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) }
  }
  const beat: HoursGateway["beat"] = async ({ id, key }) =>
    (await call("POST", `/hosts/${id}/heartbeat`, key, {})).body
  let transfers = 0
  return {
    ...gateway,
    clock,
    adminKey,
    call,
    beat,
    signUp: async (name, credits) => {
      const { body } = await call("POST", "/accounts", undefined, { name })
      if (credits !== undefined)
        await call("POST", `/admin/accounts/${body.account_id}/top-up`, adminKey, {
          transfer_id: `top-up-${++transfers}`,
          amount: credits,
        })
      return { id: body.account_id, key: body.api_key }
    },
    sell: async (provider, terms = {}) => {
      const { status, body } = await call("POST", "/marketplace/gpu", provider.key, {
        name: "My-GPU",
        memory_gib: 24,
        cuda_version: "12.1",
        base_price: "0.1",
        strategy: "fixed",
        ...terms,
      })
      if (status !== 201) throw new Error(`the machine was refused: ${JSON.stringify(body)}`)
      const { api_key: key, ...view } = body
      const gpu = { id: view.gpu_id as string, key: key as string }
      await beat(gpu)
      return { ...gpu, view }
    },
    pass: async (micros, ...gpus) => {
      const until = clock.nowMicros() + micros
      while (clock.nowMicros() < until) {
        clock.moveTo(Math.min(until, clock.nowMicros() + 5 * minute))
        for (const gpu of gpus) await beat(gpu)
      }
    },
    books: () => {
      const { total, held } = booksView(gateway.services.driver.market)
      return { total, held }
    },
  }
}
