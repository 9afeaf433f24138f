/**
 * Batches as their rule says, without a kernel: exact fractions, lists, and nothing but what the commands tell
 * of who serves. It is given each event with the commands that followed, and says what is wrong with them.
 */
import type { Command } from "../../engine/protocol/command.ts"
import type { MarketEvent, Outcome } from "../../engine/protocol/event.ts"
import { ensure } from "./ensure.ts"

type Stand = "waiting" | "underWay" | "completed" | "void"

interface Item {
  stand: Stand
  failures: number
}

export interface NaiveBatch {
  readonly held: bigint
  readonly factorBps: bigint
  readonly deadline: number
  readonly price: bigint
  readonly items: Array<Item>
  /** Σ of the prices of the items that were answered. */
  full: bigint
  charged: bigint
  fees: bigint
  isCancelled: boolean
}

export interface NaiveTerms {
  readonly minItems: number
  readonly factorBps: number
  readonly windowMicros: number
  readonly redo: number
  readonly feeBps: number
}

const failed: ReadonlySet<Outcome> = new Set<Outcome>([
  "connectFailed",
  "upstreamError",
  "firstTokenTimeout",
  "stalled",
  "truncated",
  "malformed",
  "notServed",
])

const notTried: ReadonlySet<Outcome> = new Set<Outcome>([
  "gatewayFault",
  "backpressure",
  "credentialRefused",
])

const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

export const makeNaiveBatches = (terms: NaiveTerms) => {
  const batches = new Map<number, NaiveBatch>()
  const closed = new Set<number>()
  /** Requests of items under way, and those whose batch is over. */
  const requests = new Map<number, { readonly batch: number; readonly item: number }>()

  const isOver = ({ items, isCancelled }: NaiveBatch): boolean =>
    isCancelled
      ? items.every(({ stand }) => stand !== "underWay")
      : items.every(({ stand }) => stand === "completed" || stand === "void")

  /** The `CloseBatch` that has to come for a batch. */
  const close = (id: number, outcome: string, commands: ReadonlyArray<Command>): void => {
    const batch = batches.get(id)!
    const count = (stand: Stand) => batch.items.filter((item) => item.stand === stand).length
    const [told, ...others] = commands.filter(
      (command) => command._tag === "CloseBatch" && command.batch === id,
    )
    const expected = {
      _tag: "CloseBatch",
      batch: id,
      outcome,
      completed: count("completed"),
      failed: count("void"),
      expired: count("waiting") + count("underWay"),
      charged: Number(batch.charged),
      refund: Number(batch.held - batch.charged),
    }
    ensure(
      others.length === 0 && JSON.stringify(told) === JSON.stringify(expected),
      "28: a batch closes exactly once; drawn and voided are what was held",
      () => ({ told, expected }),
    )
    ensure(
      batch.charged === ceil(batch.full * batch.factorBps, 10_000n),
      "44: charged is the discounted price of what was answered",
      () => batch,
    )
    batches.delete(id)
    closed.add(id)
  }

  const opened = (
    event: Extract<MarketEvent, { readonly _tag: "BatchOpened" }>,
    price: number,
    commands: ReadonlyArray<Command>,
  ): void => {
    const accepted = commands.find(({ _tag }) => _tag === "AcceptBatch")
    if (accepted?._tag !== "AcceptBatch") return
    const window = (event.deadline ?? Infinity) - event.at
    const hasDiscount = event.items >= terms.minItems && window >= terms.windowMicros
    const factorBps = BigInt(hasDiscount ? terms.factorBps : 10_000)
    const worst = ceil(BigInt(event.maxTokens) * BigInt(price), 1_000_000n)
    const held = ceil((worst + BigInt(event.items) - 1n) * factorBps, 10_000n)
    const deadline = event.deadline ?? event.at + terms.windowMicros
    ensure(
      BigInt(accepted.held) === held &&
        BigInt(accepted.factorBps) === factorBps &&
        accepted.deadline === deadline,
      "28: the worst case is held at the discount",
      () => ({ accepted, held, factorBps, deadline }),
    )
    batches.set(event.batch, {
      held,
      factorBps,
      deadline,
      price: BigInt(price),
      items: Array.from({ length: event.items }, () => ({ stand: "waiting", failures: 0 })),
      full: 0n,
      charged: 0n,
      fees: 0n,
      isCancelled: false,
    })
  }

  const arrived = (
    event: Extract<MarketEvent, { readonly _tag: "RequestArrived" }>,
    commands: ReadonlyArray<Command>,
  ): void => {
    if (event.batch === undefined || !commands.some(({ _tag }) => _tag === "Dispatch")) return
    const batch = batches.get(event.batch)
    const item = batch?.items[event.item ?? -1]
    ensure(
      batch !== undefined && item?.stand === "waiting" && !batch.isCancelled,
      "28: an item is given out when it waits",
      () => event,
    )
    item!.stand = "underWay"
    requests.set(event.request, { batch: event.batch, item: event.item! })
  }

  const ended = (
    event: Extract<MarketEvent, { readonly _tag: "AttemptEnded" }>,
    commands: ReadonlyArray<Command>,
  ): void => {
    const of = requests.get(event.request)
    if (of === undefined || commands.some(({ _tag }) => _tag === "Dispatch")) return
    requests.delete(event.request)
    const batch = batches.get(of.batch)
    const finish = commands.find(({ _tag }) => _tag === "Finish")
    const posts = commands.filter(({ _tag }) => _tag === "Post")
    if (batch === undefined) {
      ensure(
        finish === undefined && posts.length === 0,
        "28: what is answered too late is void",
        () => commands,
      )
      return
    }
    const item = batch.items[of.item]!
    const { outcome, outputTokens } = event
    const isAnswered = outcome === "completed" || (outcome === "consumerGone" && outputTokens > 0)
    if (isAnswered) {
      item.stand = "completed"
      batch.full += ceil(BigInt(outputTokens) * batch.price, 1_000_000n)
    } else if (notTried.has(outcome)) item.stand = "waiting"
    else if (failed.has(outcome)) {
      item.failures += 1
      item.stand = item.failures > terms.redo ? "void" : "waiting"
    } else item.stand = "void"
    const due = ceil(batch.full * batch.factorBps, 10_000n)
    const charge = due - batch.charged
    const fees = (due * BigInt(terms.feeBps)) / 10_000n
    batch.charged = due
    const told = finish?._tag === "Finish" ? finish : undefined
    ensure(
      BigInt(told?.charge ?? 0) === charge && BigInt(told?.fee ?? 0) === fees - batch.fees,
      "28: an item pays what is new of the discounted sum, and the fee what is new of its part",
      () => ({ told, charge, event }),
    )
    batch.fees = fees
    if (isOver(batch)) close(of.batch, batch.isCancelled ? "cancelled" : "done", commands)
  }

  return {
    batches,
    closed,
    /** Deadlines that came before or with this event, then the event. `price`: of output, per Mtok. */
    take: (event: MarketEvent, price: number, commands: ReadonlyArray<Command>): void => {
      for (const [id, { deadline, isCancelled }] of batches)
        if (deadline <= event.at) close(id, isCancelled ? "cancelled" : "expired", commands)
      if (event._tag === "BatchOpened") opened(event, price, commands)
      else if (event._tag === "RequestArrived") arrived(event, commands)
      else if (event._tag === "AttemptEnded") ended(event, commands)
      else if (event._tag === "BatchCancelled") {
        const batch = batches.get(event.batch)
        if (batch === undefined || commands.some(({ _tag }) => _tag === "Rejected")) return
        batch.isCancelled = true
        if (isOver(batch)) close(event.batch, "cancelled", commands)
      }
    },
  }
}
