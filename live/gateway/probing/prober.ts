/**
 * The prober: answers the kernel's `Probe` and `Measure` commands with short generations of its own,
 * through the same couriers as any call.
 *
 * A probe tells whether an instance works again (docs/rules.md#breaker) or is fast enough again
 * (docs/rules.md#floor). A measurement finds how many streams an instance serves at once with each at
 * the floor or above, and how many tokens a second that makes: first one stream, then as many as it
 * declares; where it cannot keep its word, half as many, and so on. An honest host is done after two
 * short rounds. A model that hides its first tokens is asked for more of them, once it is known how
 * many (platform/model-server/generation-rate.ts).
 */
import type { AccountId, Command } from "../../../engine/index.ts"
import { microsPerSecond, termsOf } from "../../../engine/index.ts"
import { choiceOf } from "../../../platform/model-server/choices.ts"
import { finishOf } from "../../../platform/model-server/finish-reason.ts"
import { isObject } from "../../../platform/json/json-object.ts"
import { usageIn } from "../../../platform/model-server/usage.ts"
import type { Generation } from "../../../platform/model-server/generation-rate.ts"
import { judged, rateOf, tokensForMore } from "../../../platform/model-server/generation-rate.ts"
import type { LiveServices } from "../../directory/services.ts"
import type { InstanceRecord } from "../../directory/records.ts"
import type { Attempt, AttemptEnd } from "../call/attempt.ts"
import { startAttempt } from "../call/attempt.ts"
import { routeTo } from "../call/calls.ts"
import type { Courier, Couriers, Job, JobKind } from "../../protocol/delivery.ts"
import { makeWordiness } from "./wordiness.ts"

export interface Prober {
  /** Stops what is under way and starts nothing any more. */
  readonly close: () => void
}

type Probe = Extract<Command, { readonly _tag: "Probe" }>
type Measure = Extract<Command, { readonly _tag: "Measure" }>

/** Long enough to get past the first tokens, short enough to cost little. */
const measuredTokens = 48
/** A host's tokens are not the gateway's: asked for a few more, it delivers as many as are needed. */
const spareRatio = 1.5
/** Also of all hosts of one account: their endpoints may be anybody's. */
const mostStreams = 64
const roundMicros = 30 * microsPerSecond
/** A longer generation is begun only where it is expected to end within this. */
const mostExpectedMicros = (roundMicros * 2) / 3
const firstRetryMicros = 2 * microsPerSecond

const prompt = "Write the numbers from one to one hundred in words, separated by commas."

/** Takes part in the driver's commands from here on. */
export const startProber = (services: LiveServices, couriers: Couriers): Prober => {
  const { driver, directory } = services
  const terms = termsOf(driver.market)
  /** By instance: the measurement that was asked for last; an earlier one gives up. */
  const measurements = new Map<number, number>()
  const isServed = (id: number): boolean => {
    const instance = directory.instances.get(id)
    return instance !== undefined && instance.stoppedAtMillis === undefined
  }
  const wordiness = makeWordiness(isServed)
  const stops = new Set<() => void>()
  let isClosed = false

  const after = (micros: number, act: () => void): (() => void) => {
    const disarm = driver.clock.wakeAt(driver.clock.nowMicros() + micros, () => {
      stops.delete(stop)
      act()
    })
    const stop = (): void => {
      disarm()
      stops.delete(stop)
    }
    stops.add(stop)
    return stop
  }

  /** One generation. Never longer than `mostMicros`; gives what came until then. */
  const generate = (
    instance: InstanceRecord,
    kind: JobKind,
    maxTokens: number,
    mostMicros: number,
    isSlowFine: boolean,
    done: (generated: Generated) => void,
  ): void => {
    const { courier, model } = routeTo(services, couriers, instance.id)
    const sinceMicros = driver.clock.nowMicros()
    const untilMicros = sinceMicros + mostMicros
    const said: Said = { claimedTokens: undefined, isCut: false }
    const ended = (end: AttemptEnd): Generated => ({
      end,
      shows: {
        askedTokens: maxTokens,
        shownTokens: end.outputTokens,
        ...said,
        decodeMicros: end.decodeMicros,
        wallMicros: driver.clock.nowMicros() - sinceMicros,
      },
    })
    const job: Job = {
      request: driver.nextRequest(),
      attempt: 0,
      instance: instance.id,
      kind,
      body: probeBody(kind, model, maxTokens),
      inputTokens: 0,
      maxTokens: kind === "embedding" ? 0 : maxTokens,
    }
    const timeouts = {
      firstTokenMicros: Math.min(
        mostMicros,
        services.config.timeouts.firstTokenSeconds * microsPerSecond,
      ),
      betweenTokensMicros: Math.min(
        mostMicros,
        services.config.timeouts.betweenTokensSeconds * microsPerSecond,
      ),
    }
    const heard = listening(courier, said)
    const attempt: Attempt = startAttempt(driver.clock, timeouts, heard, job, {
      chunk: () => {},
      end: (end) => {
        disarm()
        stops.delete(stop)
        const leftMicros = untilMicros - driver.clock.nowMicros()
        if (isRefusedKind(kind, end) && leftMicros > 0)
          generate(instance, "completion", maxTokens, leftMicros, isSlowFine, done)
        else done(ended(end))
      },
    })
    const stop = (): void => {
      disarm()
      stops.delete(stop)
      attempt.stop("gatewayFault")
    }
    stops.add(stop)
    const disarm = driver.clock.wakeAt(untilMicros, () => {
      stops.delete(stop)
      const isStreaming = attempt.tokens() > 0
      const outcome = isStreaming ? (isSlowFine ? "completed" : "stalled") : "firstTokenTimeout"
      done(ended(attempt.stop(outcome)))
    })
  }

  const kindOf = (instance: InstanceRecord): JobKind =>
    directory.models.get(instance.model)?.kind === "embedding" ? "embedding" : "chat"

  const answerProbe = (command: Probe): void => {
    const instance = directory.instances.get(command.instance)
    if (instance === undefined) return
    const isForFloor = command.purpose === "floor"
    const least = isForFloor ? Math.ceil(command.tokens * spareRatio) : command.tokens
    // In time for the kernel, which takes a probe that is silent for longer for lost.
    const leaseMicros = isForFloor ? terms.floorProbeLeaseMicros : terms.probeLeaseMicros
    const untilMicros =
      driver.clock.nowMicros() + Math.max(leaseMicros / 2, leaseMicros - microsPerSecond)
    const left = (): number => untilMicros - driver.clock.nowMicros()
    const probe = (tokens: number): void =>
      generate(instance, kindOf(instance), tokens, left(), isForFloor, ({ end, shows }) => {
        const more = isForFloor ? tokensForMore([shows], left()) : undefined
        if (more !== undefined && end.outcome === "completed" && !isClosed) {
          wordiness.learn(instance.id, more)
          return probe(more)
        }
        answer(end, judged(shows))
      })
    const answer = (end: AttemptEnd, { tokens, micros }: ReturnType<typeof judged>): void => {
      driver.submit({
        _tag: "ProbeEnded",
        instance: command.instance,
        probe: command.probe,
        // The gateway's own request is well-formed: who refuses it has a fault.
        outcome: end.outcome === "consumerError" ? "upstreamError" : end.outcome,
        outputTokens: tokens,
        decodeMicros: micros,
        retryAfterMicros: end.retryAfterMicros,
      })
    }
    probe(isForFloor ? Math.max(least, wordiness.of(instance.id) ?? 0) : least)
  }

  /** By account: generations under way, and rounds that wait until there are fewer. */
  const lanes = new Map<number, Lane>()
  const startNext = (account: AccountId, lane: Lane): void => {
    for (let next = lane.waiting[0]; next !== undefined; next = lane.waiting[0]) {
      const isWanted = next.isWanted()
      if (isWanted && lane.streams > 0 && lane.streams + next.streams > mostStreams) return
      lane.waiting.shift()
      if (!isWanted) continue
      lane.streams += next.streams
      next.start()
    }
    if (lane.streams === 0) lanes.delete(account)
  }

  /**
   * Runs `streams` generations of so many tokens at once, in the turn of the host's account; gives what
   * each of them brought.
   */
  const round = (
    instance: InstanceRecord,
    streams: number,
    tokens: number,
    isWanted: () => boolean,
    done: (generated: ReadonlyArray<Generated>) => void,
  ): void => {
    const account = directory.hosts.get(instance.host)?.account ?? -1
    const lane = lanes.get(account) ?? { streams: 0, waiting: [] }
    lanes.set(account, lane)
    const start = (): void => {
      const all: Array<Generated> = []
      for (let stream = 0; stream < streams; stream++)
        generate(instance, kindOf(instance), tokens, roundMicros, false, (generated) => {
          all.push(generated)
          if (all.length === streams) done(together(all))
          lane.streams -= 1
          startNext(account, lane)
        })
    }
    lane.waiting.push({ streams, isWanted, start })
    startNext(account, lane)
  }

  const measure = ({ instance: id, measurement }: Measure): void => {
    if (measurements.get(id) === measurement) return
    measurements.set(id, measurement)
    wordiness.forget(id)
    tryMeasuring(id, measurement, firstRetryMicros, driver.clock.nowMicros())
  }

  const tryMeasuring = (
    id: number,
    measurement: number,
    retryMicros: number,
    askedMicros: number,
  ): void => {
    const instance = directory.instances.get(id)
    const sinceAsked = driver.clock.nowMicros() - askedMicros
    const isLost = sinceAsked >= terms.measureLeaseMicros
    if (isLost || instance === undefined || !isServed(id)) {
      measurements.delete(id)
      return
    }
    const isEmbedding = kindOf(instance) === "embedding"
    const declared = Math.min(instance.slots, mostStreams)

    const tryStreams = (streams: number, alone: CapacityFound | undefined): void => {
      const isWanted = (): boolean => !isClosed && measurements.get(id) === measurement
      const tokens = wordiness.of(id) ?? measuredTokens
      round(instance, streams, tokens, isWanted, (generated) => {
        if (!isWanted()) return
        const areWhole = generated.every(({ end }) => end.outcome === "completed")
        const more =
          isEmbedding || !areWhole
            ? undefined
            : tokensForMore(
                generated.map(({ shows }) => shows),
                mostExpectedMicros,
              )
        if (more !== undefined) {
          wordiness.learn(id, more)
          return tryStreams(streams, alone)
        }
        const found = capacityOf(generated, terms.floorMilliTokensPerSecond, isEmbedding)
        if (streams === 1) {
          if (found === undefined) tryLater()
          else if (declared === 1) report(found)
          else tryStreams(declared, found)
          return
        }
        const fewer = Math.floor(streams / 2)
        if (found !== undefined) report(found)
        else if (fewer > 1) tryStreams(fewer, alone)
        else if (alone !== undefined) report(alone)
      })
    }
    const report = ({ slots, tokensPerSecond }: CapacityFound): void => {
      measurements.delete(id)
      driver.submit({
        _tag: "CapacityMeasured",
        instance: id,
        measurement,
        slots,
        tokensPerSecond: isEmbedding ? instance.tokensPerSecond : tokensPerSecond,
      })
    }
    /** It may not be up yet, or not polling. After its lease the kernel asks again. */
    const tryLater = (): void => {
      after(retryMicros, () => {
        if (isClosed || measurements.get(id) !== measurement) return
        tryMeasuring(id, measurement, retryMicros * 2, askedMicros)
      })
    }
    tryStreams(1, undefined)
  }

  driver.addTaker((command) => {
    if (isClosed) return
    if (command._tag === "Probe") answerProbe(command)
    else if (command._tag === "Measure") measure(command)
  })

  return {
    close: () => {
      isClosed = true
      for (const stop of stops) stop()
    },
  }
}

/** A generation that is over: how it ended, and what it shows. */
interface Generated {
  readonly end: AttemptEnd
  readonly shows: Generation
}

/**
 * Of what comes in one burst the rate is that of the whole round: a stream that waited for others to end
 * was not served beside them.
 */
const together = (generated: ReadonlyArray<Generated>): ReadonlyArray<Generated> => {
  const wallMicros = Math.max(...generated.map(({ shows }) => shows.wallMicros))
  return generated.map(({ end, shows }) => ({ end, shows: { ...shows, wallMicros } }))
}

/** What a model server said of a generation itself. */
interface Said {
  claimedTokens: number | undefined
  isCut: boolean
}

/** The same way to the host, by which `said` comes to know what the attempt has no use for. */
const listening = (courier: Courier, said: Said): Courier => ({
  deliver: (job, sink) =>
    courier.deliver(job, {
      ...sink,
      chunk: (chunk) => {
        said.claimedTokens = usageIn(chunk)?.completion_tokens ?? said.claimedTokens
        const choice = choiceOf(chunk)
        if (isObject(choice) && finishOf(choice["finish_reason"])?.reason === "length")
          said.isCut = true
        sink.chunk(chunk)
      },
      end: (end) => {
        said.claimedTokens = end.reportedTokens ?? said.claimedTokens
        sink.end(end)
      },
    }),
})

/** A model without a chat template knows completions only. */
const isRefusedKind = (kind: JobKind, end: AttemptEnd): boolean =>
  kind === "chat" && end.outcome === "consumerError"

const probeBody = (
  kind: JobKind,
  model: string,
  maxTokens: number,
): Readonly<Record<string, unknown>> => {
  if (kind === "embedding") return { model, input: prompt }
  const asked = kind === "chat" ? { messages: [{ role: "user", content: prompt }] } : { prompt }
  return {
    ...asked,
    model,
    max_tokens: maxTokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  }
}

/** The rounds of one account's hosts. */
interface Lane {
  streams: number
  readonly waiting: Array<{
    readonly streams: number
    readonly isWanted: () => boolean
    readonly start: () => void
  }>
}

interface CapacityFound {
  readonly slots: number
  readonly tokensPerSecond: number
}

/**
 * What a round of streams shows: that so many are served at once, if each came to its end at the
 * floor or above.
 */
const capacityOf = (
  generated: ReadonlyArray<Generated>,
  floorMilliTokensPerSecond: number,
  isEmbedding: boolean,
): CapacityFound | undefined => {
  let tokensPerSecond = 0
  for (const { end, shows } of generated) {
    if (end.outcome !== "completed") return undefined
    if (isEmbedding) continue
    const rate = rateOf(shows)
    if (rate * 1000 < floorMilliTokensPerSecond) return undefined
    tokensPerSecond += rate
  }
  return { slots: generated.length, tokensPerSecond: Math.max(1, Math.floor(tokensPerSecond)) }
}
