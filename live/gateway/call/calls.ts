/** All calls under way: hands the kernel's commands to them, sheds what is too much, ends them. */
import type { Command, InstanceId, NodeId } from "../../../engine/index.ts"
import { eligibilityReasons, microsPerSecond, standingsOf } from "../../../engine/index.ts"
import type { HttpError } from "../../http/http-error.ts"
import { overloaded } from "../../http/http-error.ts"
import type { LiveServices } from "../../directory/services.ts"
import type { Call, CallOrder, CallTools, Consumer } from "./call.ts"
import { openCall } from "./call.ts"
import type { Courier, Couriers } from "../../protocol/delivery.ts"
import { shuttingDown } from "./failures.ts"
import type { KeyBudgets } from "./key-budgets.ts"
import { makeKeyBudgets } from "./key-budgets.ts"
import { makeReceipts } from "./receipts.ts"
import type { Standings } from "./refusal-text.ts"

export interface Calls {
  /** What keys with a limit may still spend. */
  readonly budgets: KeyBudgets
  /** Begins a call. The consumer may hear its end before this returns. */
  readonly open: (order: CallOrder, consumer: Consumer) => Call
  /** Why no more calls are taken now, if so: asked before anything is done for one. */
  readonly excess: () => HttpError | undefined
  readonly size: () => number
  /** Takes no more calls, lets those under way finish, and ends what is left after `seconds`. */
  readonly drain: (seconds: number) => Promise<void>
}

/** Of a model that the kernel does not know. */
const noStandings = Object.fromEntries(
  eligibilityReasons.map((reason) => [reason, 0]),
) as unknown as Standings

const checkpointMicros = microsPerSecond

/** Takes part in the driver's commands from here on: made once for a market. */
export const makeCalls = (services: LiveServices, couriers: Couriers): Calls => {
  const { config, driver, store } = services
  const { limits } = config
  const underWay = new Map<number, Call>()
  let isDraining = false
  /** Who waits for the last call to end. */
  const drains: Array<() => void> = []
  let isTicking = false

  // Its taker comes first: what a call is told of its end is noted by then.
  const budgets = makeKeyBudgets(services)
  const receipts = makeReceipts(services, budgets.charged)
  const tools: CallTools = {
    driver,
    deliveries: store,
    timeouts: {
      firstTokenMicros: config.timeouts.firstTokenSeconds * microsPerSecond,
      promptTokenMicros: microsPerSecond / config.timeouts.promptTokensPerSecond,
      betweenTokensMicros: config.timeouts.betweenTokensSeconds * microsPerSecond,
      requestMicros: config.timeouts.requestSeconds * microsPerSecond,
    },
    routeTo: (instance) => routeTo(services, couriers, instance),
    standings: (model) => standingsOf(driver.market, model) ?? noStandings,
    forget: (request) => {
      receipts.forget(request)
      underWay.delete(request)
      if (underWay.size === 0) for (const drained of drains.splice(0)) drained()
    },
  }

  driver.addTaker((command: Command) => {
    if (
      command._tag === "Dispatch" ||
      command._tag === "Wait" ||
      command._tag === "Finish" ||
      command._tag === "Refuse"
    )
      underWay.get(command.request)?.take(command)
    else if (command._tag === "Recall") underWay.get(command.request)?.recall()
    else if (command._tag === "FailOver") failOver(command.node)
  })

  const failOver = (host: NodeId): void => {
    const isLost = (instance: InstanceId): boolean =>
      services.directory.instances.get(instance)?.host === host
    for (const call of underWay.values()) call.failOver(isLost)
  }

  const tick = (): void => {
    isTicking = underWay.size > 0
    if (!isTicking) return
    for (const call of underWay.values()) call.checkpoint()
    driver.clock.wakeAt(driver.clock.nowMicros() + checkpointMicros, tick)
  }

  return {
    budgets,
    open: (order, consumer) => {
      const request = driver.nextRequest()
      if (order.asker !== undefined) receipts.expect(request, order.asker)
      const call = openCall(tools, request, order, consumer)
      underWay.set(request, call)
      if (!isTicking) {
        isTicking = true
        driver.clock.wakeAt(driver.clock.nowMicros() + checkpointMicros, tick)
      }
      call.begin()
      return call
    },
    excess: () => {
      if (isDraining) return shuttingDown()
      if (underWay.size >= limits.openCalls)
        return overloaded(`${limits.openCalls} calls are under way, which is the most`, 1)
      if (store.backlog() >= limits.journalBacklog)
        return overloaded("The journal is behind; try again shortly", 1)
      return undefined
    },
    size: () => underWay.size,
    drain: async (seconds) => {
      isDraining = true
      if (underWay.size === 0) return
      const { clock } = driver
      const disarm = clock.wakeAt(clock.nowMicros() + seconds * microsPerSecond, () => {
        for (const call of underWay.values()) call.abandon(shuttingDown())
      })
      await new Promise<void>((resolve) => drains.push(resolve))
      disarm()
    },
  }
}

/** How an instance is reached and what it calls the model. */
export const routeTo = (
  { directory }: Pick<LiveServices, "directory">,
  couriers: Couriers,
  instance: InstanceId,
): { readonly courier: Courier; readonly model: string } => {
  const record = directory.instances.get(instance)
  const host = record === undefined ? undefined : directory.hosts.get(record.host)
  if (record === undefined || host === undefined) return { courier: nowhere, model: "" }
  return {
    courier: host.delivery === "pull" ? couriers.pull : couriers.push,
    model: record.upstreamModel,
  }
}

/** The kernel knows an instance that the directory does not: it cannot be reached. */
const nowhere: Courier = {
  deliver: (_job, sink) => {
    let isCancelled = false
    queueMicrotask(() => {
      if (!isCancelled) sink.end({ outcome: "connectFailed", detail: "no record of the instance" })
    })
    return { cancel: () => void (isCancelled = true), pause: () => {}, resume: () => {} }
  },
}
