/**
 * Small markets for tests: an economy with a few knobs turned, a market with some nodes on one model,
 * and a trial that sends events with the timers before them, as a driver does.
 */
import { Either } from "effect"
import type { Command } from "../../engine/protocol/command.ts"
import { deriveEconomy } from "../../engine/economy/derive.ts"
import type { EconomyPatch } from "../../engine/economy/derive.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { MarketEvent, Outcome } from "../../engine/protocol/event.ts"
import { createMarket, step } from "../../engine/market/market.ts"
import { advance } from "../../engine/service.ts"
import type { Market } from "../../engine/market/state/market-state.ts"
import { open } from "../../engine/market/state/market-state.ts"
import { instanceView } from "../../engine/market/views/instance-view.ts"
import type { InstanceView } from "../../engine/market/views/instance-view.ts"

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never
/** An event whose time the trial fills in. */
export type Fact = WithoutTime<MarketEvent>

export type CommandOf<T extends Command["_tag"]> = Extract<Command, { readonly _tag: T }>

/** `base` with some knobs turned; throws where the patch is not allowed. */
export const economyWith = (patch: EconomyPatch, base: Economy = pooled): Economy =>
  Either.getOrThrow(deriveEconomy(base, patch))

/** A market under test, its time, and every command that it has given. */
export interface Trial {
  readonly market: Market
  readonly commands: ReadonlyArray<Command>
  /** Sends an event at the present time, with every timer before it, and returns the commands. */
  readonly send: (fact: Fact) => ReadonlyArray<Command>
  /** Sends an event as it is, without any timer. */
  readonly sendRaw: (event: MarketEvent) => ReadonlyArray<Command>
  /** Lets time pass, firing the timers that fall due. */
  readonly wait: (micros: number) => ReadonlyArray<Command>
}

export const openTrial = (economy: Economy = pooled, seed = "trial"): Trial => {
  const market = open(createMarket(economy, seed))
  const commands: Array<Command> = []
  const record = (act: (out: Array<Command>) => void): ReadonlyArray<Command> => {
    const out: Array<Command> = []
    act(out)
    for (const command of out) commands.push(command)
    return out
  }
  return {
    market,
    commands,
    send: (fact) =>
      record((out) => advance(market, { ...fact, at: market.now } as MarketEvent, out)),
    sendRaw: (event) => record((out) => step(market, event, out)),
    wait: (micros) =>
      record((out) => step(market, { _tag: "TimerFired", at: market.now + micros }, out)),
  }
}

/** The commands of one kind. */
export const commandsOf = <T extends Command["_tag"]>(
  commands: ReadonlyArray<Command>,
  tag: T,
): ReadonlyArray<CommandOf<T>> =>
  commands.filter((command): command is CommandOf<T> => command._tag === tag)

/** Why an event was rejected; `undefined` where it was not. */
export const rejectionOf = (commands: ReadonlyArray<Command>): string | undefined =>
  commandsOf(commands, "Rejected")[0]?.reason

export interface SmallMarket {
  readonly economy?: Economy
  readonly seed?: string
  /** Nodes, each with one instance of model 1; node i is instance i, of account `operatorOf(i)`. */
  readonly nodes?: number
  readonly slots?: number | ((node: number) => number)
  readonly tokensPerSecond?: number
  /** Account of a node's operator: each node its own, 1001, 1002, …, unless told otherwise. */
  readonly operatorOf?: (node: number) => number
  /** Minor units that the consumer, account 1, has bought. */
  readonly credit?: number
  readonly inputPricePerMtok?: number
  readonly outputPricePerMtok?: number
}

export const consumer = 1
const model = 1

/**
 * A market with one model (1), one consumer (account 1) with credit, and n nodes 1…n, each with
 * instance 1…n of the model, measured where the economy verifies capacity. Time is 0.
 */
export const openSmallMarket = (options: SmallMarket = {}): Trial => {
  const { nodes = 1, slots = 4, tokensPerSecond = 100, credit = 1_000_000_000_000 } = options
  const { operatorOf = (node: number) => 1000 + node } = options
  const trial = openTrial(options.economy, options.seed)
  trial.send({
    _tag: "ModelListed",
    model,
    inputPricePerMtok: options.inputPricePerMtok ?? 1_000_000,
    outputPricePerMtok: options.outputPricePerMtok ?? 2_000_000,
  })
  trial.send({ _tag: "AccountOpened", account: consumer })
  if (credit > 0)
    trial.send({ _tag: "CreditsBought", transfer: 1, account: consumer, amount: credit })
  const accounts = new Set<number>([consumer])
  for (let node = 1; node <= nodes; node++) {
    const account = operatorOf(node)
    if (!accounts.has(account)) trial.send({ _tag: "AccountOpened", account })
    accounts.add(account)
    trial.send({ _tag: "NodeRegistered", node, account })
    startInstance(trial, {
      instance: node,
      node,
      slots: typeof slots === "number" ? slots : slots(node),
      tokensPerSecond,
    })
  }
  return trial
}

/** Starts an instance of the small market's model, and measures it where capacity is verified. */
export const startInstance = (
  trial: Trial,
  {
    instance,
    node,
    slots = 4,
    tokensPerSecond = 100,
    servedModel = model,
    isPlatformAsked = false,
  }: {
    readonly instance: number
    readonly node: number
    readonly slots?: number
    readonly tokensPerSecond?: number
    readonly servedModel?: number
    readonly isPlatformAsked?: boolean
  },
): ReadonlyArray<Command> => {
  const started = trial.send({
    _tag: "InstanceStarted",
    instance,
    node,
    model: servedModel,
    slots,
    tokensPerSecond,
    isPlatformAsked,
  })
  for (const { measurement } of commandsOf(started, "Measure"))
    trial.send({ _tag: "CapacityMeasured", instance, measurement, slots, tokensPerSecond })
  return started
}

/** A call of the small market's consumer. */
export const arrive = (
  trial: Trial,
  request: number,
  {
    account = consumer,
    servedModel = model,
    inputTokens = 100,
    maxTokens = 100,
  }: {
    readonly account?: number
    readonly servedModel?: number
    readonly inputTokens?: number
    readonly maxTokens?: number
  } = {},
): ReadonlyArray<Command> =>
  trial.send({
    _tag: "RequestArrived",
    request,
    account,
    model: servedModel,
    inputTokens,
    maxTokens,
  })

/** The end of an attempt: by default, all 100 tokens were delivered, in one second. */
export const endAttempt = (
  trial: Trial,
  request: number,
  {
    outcome = "completed",
    attempt = 0,
    outputTokens = outcome === "completed" ? 100 : 0,
    reportedTokens = outputTokens,
    decodeMicros = 1_000_000,
    retryAfterMicros = 0,
  }: {
    readonly outcome?: Outcome
    readonly attempt?: number
    readonly outputTokens?: number
    readonly reportedTokens?: number
    readonly decodeMicros?: number
    readonly retryAfterMicros?: number
  } = {},
): ReadonlyArray<Command> =>
  trial.send({
    _tag: "AttemptEnded",
    request,
    attempt,
    outcome,
    outputTokens,
    reportedTokens,
    decodeMicros,
    retryAfterMicros,
  })

/**
 * One whole call, each attempt of which ends alike; returns the instance of the first attempt, or −1
 * where none was chosen.
 */
export const call = (trial: Trial, request: number, outcome: Outcome = "completed"): number => {
  const first = commandsOf(arrive(trial, request), "Dispatch")[0]
  for (let attempt = first?.attempt; attempt !== undefined;) {
    const ended = endAttempt(trial, request, { outcome, attempt })
    attempt = commandsOf(ended, "Dispatch")[0]?.attempt
  }
  return first?.instance ?? -1
}

/** An instance as it stands; throws where there is none. */
export const viewOf = (trial: Trial, instance: number): InstanceView => {
  const view = instanceView(trial.market, instance)
  if (view === undefined) throw new Error(`no instance ${instance}`)
  return view
}
