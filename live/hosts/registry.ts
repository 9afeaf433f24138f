/**
 * What operators do with their hosts: register, change models, drain, replace a token or the key,
 * remove. Each is one synchronous change of directory and market, so that no reader sees half of it
 * and no crash leaves half of it.
 */
import type { Rejection } from "../../engine/index.ts"
import { instanceView, microsPerSecond } from "../../engine/index.ts"
import { makeKey } from "../directory/keys.ts"
import { newPublicId } from "../http/secrets.ts"
import { badRequest, conflict, HttpError, notFound } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type {
  AccountRecord,
  HostRecord,
  InstanceRecord,
  ModelRecord,
} from "../directory/records.ts"
import {
  inFlightOf,
  isDraining,
  isInMarket,
  isSuspended,
  servedInstances,
  statusOf,
} from "../directory/host-state.ts"
import type { HeldJob, JobBoard } from "./jobs/job-board.ts"
import type { CheckedEndpoint, NetworkGuard } from "./network-guard.ts"
import { EndpointRefused } from "./network-guard.ts"
import type { Heartbeat, ModelChange, Registration } from "../protocol/host-protocol.ts"
import type { SessionSeen } from "./sessions.ts"
import { makeSessions, nameless } from "./sessions.ts"
import type { Vault } from "./credentials/vault.ts"

export interface RegistryParts {
  readonly services: LiveServices
  readonly board: JobBoard
  readonly guard: NetworkGuard
  readonly vault: Vault
}

/** The latest word of a host since the gateway began. */
export interface Heard {
  readonly atMicros: number
  readonly report: Heartbeat
}

export interface Registry {
  /** `secret` of the host's key; `undefined`: this account had registered it before. */
  readonly register: (
    account: AccountRecord,
    wish: Registration,
  ) => Promise<{ readonly host: HostRecord; readonly secret: string | undefined }>
  /** Gives the jobs that the host should be working on. */
  readonly heartbeat: (host: HostRecord, report: Heartbeat) => ReadonlyArray<HeldJob>
  readonly heardOf: (host: number) => Heard | undefined
  /** An agent of the host has asked for a job, or has had its answer. */
  readonly polled: (host: HostRecord, session: string | undefined) => void
  /** Whether that agent may be handed a job: not while it drains and others of the host do not. */
  readonly mayTake: (host: HostRecord, session: string | undefined) => boolean
  readonly sessionsOf: (host: number) => ReadonlyArray<SessionSeen>
  readonly changeModel: (host: HostRecord, change: ModelChange, isPlatformAsked: boolean) => void
  /** As its operator wants it, for all its agents. */
  readonly setDraining: (host: HostRecord, isDraining: boolean) => void
  readonly remove: (host: HostRecord) => "removed" | "leaving"
  readonly replaceToken: (host: HostRecord, token: string | undefined) => void
  /** Gives the secret of the new key; the keys before it end. */
  readonly replaceKey: (host: HostRecord) => string
  /** No timer of its own fires any more: the market may end. */
  readonly close: () => void
}

const mostHosts = 1000
const mostHostsADay = 2000
const millisPerDay = 86_400_000
const mostModels = 64
/** Models that a host ever had, those that it has no more included. */
const mostModelsEver = 10_000
const mostHardwareBytes = 16_384
const defaultSlots = 1
const defaultTokensPerSecond = 30
/** An agent that is silent for so many of its longest silences is over. */
const silences = 1.5
/** Heartbeats that come faster than this part of their interval are answered and change nothing. */
const heartbeatPart = 10

interface Offer {
  readonly model: ModelRecord
  readonly upstreamModel: string
  readonly slots: number
  readonly tokensPerSecond: number
}

export const makeRegistry = (parts: RegistryParts): Registry => {
  const { services, board, guard, vault } = parts
  const { config, directory, driver, uploads, nowMillis } = services
  const byRegistration = directory.hosts.indexBy(({ account, registrationId, removedAtMillis }) =>
    registrationId === undefined || removedAtMillis !== undefined
      ? undefined
      : `${account} ${registrationId}`,
  )
  const hostsOf = directory.hosts.groupBy(({ account }) => account)
  const leaving = new Set<number>()
  const heard = new Map<number, Heard>()
  const sessions = makeSessions(
    Math.max(config.hosts.heartbeatSeconds, config.hosts.pollSeconds) * silences * microsPerSecond,
  )

  const requireTaken = (what: string, rejection: Rejection | undefined): void => {
    // Everything that the kernel could refuse was checked before.
    if (rejection !== undefined) throw new Error(`hosts: ${what} was rejected: ${rejection}`)
  }

  const known = (account: AccountRecord, { registration_id }: Registration) =>
    registration_id === undefined ? undefined : byRegistration(`${account.id} ${registration_id}`)

  const register: Registry["register"] = async (account, wish) => {
    const before = known(account, wish)
    if (before !== undefined) return { host: before, secret: undefined }
    const offers = offersOf(services, wish)
    requireModest(wish)
    const endpoint = await checkedEndpoint(guard, wish)
    // Somebody may have sent the same registration while the endpoint was looked up.
    const meanwhile = known(account, wish)
    if (meanwhile !== undefined) return { host: meanwhile, secret: undefined }
    requireRoom(account)
    return enter(account, wish, offers, endpoint)
  }

  const requireRoom = ({ id }: AccountRecord): void => {
    const yesterday = nowMillis() - millisPerDay
    let living = 0
    let recent = 0
    for (const host of hostsOf(id)) {
      const { removedAtMillis, createdAtMillis = 0 } = directory.hosts.get(host) ?? {}
      if (removedAtMillis === undefined) living += 1
      if (createdAtMillis > yesterday) recent += 1
    }
    if (living >= mostHosts)
      throw conflict("too_many_hosts", `An account has at most ${mostHosts} hosts; remove some`)
    // What was removed is remembered, for statements and audits: it may not fill the memory.
    if (recent >= mostHostsADay)
      throw conflict("too_many_hosts", `An account registers at most ${mostHostsADay} hosts a day`)
  }

  const enter = (
    account: AccountRecord,
    wish: Registration,
    offers: ReadonlyArray<Offer>,
    endpoint: string | undefined,
  ): { readonly host: HostRecord; readonly secret: string } => {
    const publicId = newPublicId("host")
    const { token, registration_id, gpu, backend } = wish
    const host: HostRecord = {
      id: directory.hosts.nextId(),
      publicId,
      account: account.id,
      name: wish.name ?? gpu ?? publicId,
      delivery: wish.delivery ?? "pull",
      ...(registration_id === undefined ? {} : { registrationId: registration_id }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(token === undefined ? {} : { sealedToken: vault.seal(token, publicId) }),
      hardware: {
        ...wish.hardware,
        ...(gpu === undefined ? {} : { gpu }),
        ...(backend === undefined ? {} : { backend }),
      },
      createdAtMillis: nowMillis(),
    }
    directory.hosts.put(host)
    requireTaken(
      "a node",
      driver.submit({ _tag: "NodeRegistered", node: host.id, account: account.id }),
    )
    const secret = giveKey(host)
    // From its first heartbeat on, the market notices a host's silence: one that polls is heard of now.
    if (host.delivery === "pull")
      requireTaken("a heartbeat", driver.submit({ _tag: "HeartbeatReceived", node: host.id }))
    for (const offer of offers) start(host, offer, false)
    return { host, secret }
  }

  const giveKey = ({ id, account, name }: HostRecord): string =>
    makeKey(services, { role: "host", account, host: id, name: `key of ${name}` }).secret
  const revokeKeys = (host: HostRecord): void => {
    for (const key of directory.keys.all())
      if (key.role === "host" && key.host === host.id && key.revokedAtMillis === undefined)
        directory.keys.put({ ...key, revokedAtMillis: nowMillis() })
  }

  const start = (host: HostRecord, offer: Offer, isPlatformAsked: boolean): void => {
    const { model, upstreamModel, slots, tokensPerSecond } = offer
    const instance: InstanceRecord = {
      id: directory.instances.nextId(),
      host: host.id,
      model: model.id,
      upstreamModel,
      slots,
      tokensPerSecond,
      createdAtMillis: nowMillis(),
    }
    // The record first: the market may at once ask to have the instance measured.
    directory.instances.put(instance)
    requireTaken(
      "an instance",
      driver.submit({
        _tag: "InstanceStarted",
        instance: instance.id,
        node: host.id,
        model: model.id,
        slots,
        tokensPerSecond,
        isPlatformAsked,
      }),
    )
  }
  const stop = (instance: InstanceRecord): void => {
    directory.instances.put({ ...instance, stoppedAtMillis: nowMillis() })
    if (instanceView(driver.market, instance.id) !== undefined)
      requireTaken("a stop", driver.submit({ _tag: "InstanceStopped", instance: instance.id }))
  }

  const changeModel: Registry["changeModel"] = (host, change, isPlatformAsked) => {
    requireStaying(host)
    const served = servedInstances(services, host.id)
    const from = served.find(({ model }) => directory.models.get(model)?.name === change.model)
    if (change.action === "add") {
      if (from !== undefined)
        throw conflict("already_served", `This host serves ${change.model} already`)
      if (served.length >= mostModels)
        throw conflict("too_many_models", `A host serves at most ${mostModels} models`)
      if (directory.instancesOfHost(host.id).length >= mostModelsEver)
        throw conflict(
          "too_many_models",
          `This host has had ${mostModelsEver} models already; register it anew, or switch models`,
        )
      const isHostDraining = statusOf(services, host) === "draining"
      start(host, offerOf(services, change, change.model), isPlatformAsked)
      if (isHostDraining) setAvailable(host, false)
      return
    }
    if (from === undefined)
      throw badRequest(
        `This host does not serve ${change.model}; it serves ${served
          .map(({ model }) => directory.models.get(model)?.name)
          .join(", ")}`,
        "model",
      )
    if (change.action === "remove") return stop(from)
    switchModel(from, change, isPlatformAsked)
  }

  const switchModel = (
    from: InstanceRecord,
    change: ModelChange,
    isPlatformAsked: boolean,
  ): void => {
    if (change.to === undefined) throw badRequest("`to` is missing: which model to switch to", "to")
    const { model, upstreamModel, slots, tokensPerSecond } = offerOf(services, change, change.to, {
      slots: from.slots,
      tokens_per_second: from.tokensPerSecond,
    })
    const others = servedInstances(services, from.host)
    if (others.some((one) => one.model === model.id))
      throw conflict("already_served", `This host serves ${model.name} already`)
    const inFlight = inFlightOf(driver.market, from.id)
    if (inFlight > 0)
      throw conflict(
        "jobs_in_flight",
        `${inFlight} jobs of ${change.model} are still under way; drain the host, and switch when they have ended`,
      )
    directory.instances.put({ ...from, model: model.id, upstreamModel, slots, tokensPerSecond })
    requireTaken(
      "a switch",
      driver.submit({
        _tag: "ModelSwitched",
        instance: from.id,
        model: model.id,
        slots,
        tokensPerSecond,
        isPlatformAsked,
      }),
    )
  }

  const setAvailable = (host: HostRecord, isAvailable: boolean): void => {
    for (const { id } of servedInstances(services, host.id))
      if (isDraining(driver.market, id) === isAvailable)
        requireTaken(
          "a change of availability",
          driver.submit({ _tag: "AvailabilityChanged", instance: id, isAvailable }),
        )
  }
  const setDraining: Registry["setDraining"] = (host, isWanted) => {
    const { isDrained: wasDrained = false, ...record } = directory.hosts.get(host.id) ?? host
    if (isWanted !== wasDrained)
      directory.hosts.put(isWanted ? { ...record, isDrained: true } : record)
    setAvailable(host, !isWanted)
  }

  /**
   * An agent has said whether it drains. One that serves brings its host back, unless its operator has
   * drained that; one that drains takes its host along where no other serves for it.
   */
  const heedSession = (host: HostRecord, session: string | undefined, drains: boolean): void => {
    // An agent that knows of no sessions speaks for the whole host, and means it.
    if (session === undefined && !drains) return setDraining(host, false)
    if (!drains) {
      if (host.isDrained !== true) setAvailable(host, true)
      return board.offerAgain(host.id)
    }
    takeAlong(host.id)
  }
  /** Drains a host whose agents all drain, now or when those that do not have fallen silent. */
  const takeAlong = (id: number): void => {
    const host = directory.hosts.get(id)
    if (host === undefined || host.removedAtMillis !== undefined) return
    const { clock } = driver
    const now = clock.nowMicros()
    const until = sessions.takesUntil(id, now)
    if (until !== undefined) return watch(id, until)
    if (sessions.of(id, now).length > 0) setAvailable(host, false)
  }
  /** Hosts that an agent has drained while another served for them: one timer each. */
  const watched = new Map<number, () => void>()
  let isClosed = false
  const watch = (id: number, atMicros: number): void => {
    if (isClosed || watched.has(id)) return
    const disarm = driver.clock.wakeAt(atMicros, () => {
      watched.delete(id)
      takeAlong(id)
    })
    watched.set(id, disarm)
  }

  const heartbeat: Registry["heartbeat"] = (host, report) => {
    const atMicros = driver.clock.nowMicros()
    const before = heard.get(host.id)?.atMicros ?? -Infinity
    const leastMicros = (config.hosts.heartbeatSeconds * microsPerSecond) / heartbeatPart
    const isEarly = atMicros - before < leastMicros
    if (!isEarly || statusOf(services, host) === "inactive") {
      requireTaken("a heartbeat", driver.submit({ _tag: "HeartbeatReceived", node: host.id }))
      heard.set(host.id, { atMicros, report })
    }
    const { session, is_draining } = report
    sessions.heard(host.id, session ?? nameless, atMicros, is_draining)
    if (is_draining !== undefined && host.removedAtMillis === undefined)
      heedSession(host, session, is_draining)
    const held = board.heardOf(host.id, report.jobs ?? [])
    const heldBack = new Set(report.held_back)
    if (held.some(({ jobId, phase }) => phase === "handed" && heldBack.has(jobId)))
      uploads.note(host.id, "heldBack")
    return held
  }

  const remove: Registry["remove"] = (host) => {
    if (host.removedAtMillis === undefined) {
      directory.hosts.put({ ...host, removedAtMillis: nowMillis() })
      for (const instance of servedInstances(services, host.id)) stop(instance)
      leaving.add(host.id)
    }
    return leave(host.id) ? "removed" : "leaving"
  }
  /** Lets a host go once no job of it is under way. */
  const leave = (id: number): boolean => {
    const { market } = driver
    const isBusy = directory
      .instancesOfHost(id)
      .some((one) => instanceView(market, one) !== undefined)
    if (isBusy) return false
    leaving.delete(id)
    if (isInMarket(market, id))
      requireTaken("a removal", driver.submit({ _tag: "NodeRemoved", node: id }))
    const host = directory.hosts.get(id)
    if (host !== undefined) revokeKeys(host)
    heard.delete(id)
    sessions.forget(id)
    uploads.forget(id)
    board.hostLost(id)
    return true
  }

  const replaceToken: Registry["replaceToken"] = (host, token) => {
    requireStaying(host)
    if (host.delivery === "cloud") {
      if (token === undefined)
        throw badRequest("`token` is missing: the provider's new one", "token")
      directory.hosts.put({ ...host, sealedToken: vault.seal(token, host.publicId) })
    } else if (token !== undefined)
      throw badRequest("Only a cloud host has a token of its provider", "token")
    for (const { id } of servedInstances(services, host.id))
      if (isSuspended(driver.market, id))
        requireTaken("a token", driver.submit({ _tag: "CredentialReplaced", instance: id }))
  }

  const replaceKey: Registry["replaceKey"] = (host) => {
    requireStaying(host)
    revokeKeys(host)
    return giveKey(host)
  }

  driver.addTaker((command) => {
    if (command._tag === "FailOver") return board.hostLost(command.node)
    const mayHaveEnded = command._tag === "Finish" || command._tag === "Refuse"
    if (leaving.size === 0 || !(mayHaveEnded || command._tag === "Dispatch")) return
    for (const id of leaving) leave(id)
  })
  // Hosts that were on their way out when the gateway ended.
  for (const { id, removedAtMillis } of directory.hosts.all()) {
    if (removedAtMillis === undefined || !isInMarket(driver.market, id)) continue
    leaving.add(id)
    leave(id)
  }

  return {
    register,
    heartbeat,
    heardOf: (host) => heard.get(host),
    polled: (host, session = nameless) => {
      sessions.heard(host.id, session, driver.clock.nowMicros())
    },
    mayTake: (host, session = nameless) =>
      sessions.mayTake(host.id, session, driver.clock.nowMicros()),
    sessionsOf: (host) => sessions.of(host, driver.clock.nowMicros()),
    changeModel,
    setDraining,
    remove,
    replaceToken,
    replaceKey,
    close: () => {
      isClosed = true
      for (const disarm of watched.values()) disarm()
      watched.clear()
    },
  }
}

const requireStaying = (host: HostRecord): void => {
  if (host.removedAtMillis !== undefined) throw notFound(`host ${host.publicId}; it was removed`)
}

interface Terms {
  readonly upstream_model?: string
  readonly slots?: number
  readonly tokens_per_second?: number
}

const offerOf = (
  { directory }: LiveServices,
  terms: Terms,
  name: string,
  fallback: Terms = {},
): Offer => {
  const model = directory.modelByName(name)
  if (model === undefined)
    throw new HttpError({
      status: 400,
      type: "invalid_request_error",
      code: "model_not_listed",
      param: "models",
      message: `The market lists no model ${name}; it lists ${listed(directory)}`,
    })
  return {
    model,
    upstreamModel: terms.upstream_model ?? name,
    slots: terms.slots ?? fallback.slots ?? defaultSlots,
    tokensPerSecond:
      terms.tokens_per_second ?? fallback.tokens_per_second ?? defaultTokensPerSecond,
  }
}

const listed = (directory: LiveServices["directory"]): string => {
  const names = [...directory.models.all()].map(({ name }) => name)
  if (names.length === 0) return "none yet"
  return names.length <= 20 ? names.join(", ") : `${names.slice(0, 20).join(", ")} and more`
}

const offersOf = (services: LiveServices, wish: Registration): ReadonlyArray<Offer> => {
  const offers = wish.models.map((one) =>
    typeof one === "string"
      ? offerOf(services, {}, one, wish)
      : offerOf(services, one, one.model, wish),
  )
  const ids = new Set(offers.map(({ model }) => model.id))
  if (ids.size !== offers.length)
    throw badRequest("A model is named twice; one host serves it once, with more slots", "models")
  return offers
}

/** What is only shown may not fill the disk. */
const requireModest = ({ hardware }: Registration): void => {
  if (hardware !== undefined && JSON.stringify(hardware).length > mostHardwareBytes)
    throw badRequest(`hardware is longer than ${mostHardwareBytes} bytes`, "hardware")
}

/** The endpoint of a registration that needs one, if the gateway may call it. */
const checkedEndpoint = async (
  guard: NetworkGuard,
  { delivery = "pull", endpoint, token }: Registration,
): Promise<string | undefined> => {
  if (delivery !== "cloud" && token !== undefined)
    throw badRequest("`token` goes with delivery cloud only", "token")
  if (delivery === "pull") {
    if (endpoint === undefined) return undefined
    throw badRequest(
      "A host that polls has no endpoint; with one, its delivery is push or cloud",
      "endpoint",
    )
  }
  if (endpoint === undefined)
    throw badRequest(
      `delivery ${delivery} needs an endpoint, such as https://gpu.example/v1`,
      "endpoint",
    )
  if (delivery === "cloud" && token === undefined)
    throw badRequest("delivery cloud needs the provider's token", "token")
  const { url, isPublic } = await endpointOf(guard, endpoint)
  if (delivery === "cloud" && isPublic && url.protocol === "http:")
    throw badRequest("A token is not sent over plain http; expected an https endpoint", "endpoint")
  return url.href.replace(/\/+$/, "")
}

const endpointOf = async (guard: NetworkGuard, endpoint: string): Promise<CheckedEndpoint> => {
  try {
    return await guard.check(endpoint)
  } catch (error) {
    if (!(error instanceof EndpointRefused)) throw error
    throw new HttpError({
      status: 400,
      type: "invalid_request_error",
      code: "endpoint_refused",
      param: "endpoint",
      message: `The endpoint is refused: ${error.message}`,
    })
  }
}
