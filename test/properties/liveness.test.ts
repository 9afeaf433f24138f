/**
 * Invariant 14 over random lives: whatever happened before, an instance whose operator and driver do
 * their part (node online, in its schedule, credential in place, capacity measured, attempts ended,
 * probes answered well) is eligible again within the sum of the rules' own times.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hardened } from "../../engine/economy/presets/hardened.ts"
import { pooled } from "../../engine/economy/presets/pooled.ts"
import type { Command } from "../../engine/protocol/command.ts"
import type { MarketEvent } from "../../engine/protocol/event.ts"
import { nextWake } from "../../engine/market/timers.ts"
import { instanceView } from "../../engine/market/views/instance-view.ts"
import { assertProperty } from "../support/property.ts"
import { ensure } from "./ensure.ts"
import { micros } from "./naive-breaker.ts"
import type { NaiveInstance } from "./naive-market.ts"
import { anyEconomy } from "./random-economy.ts"
import type { Life } from "./random-market.ts"
import { anyShortLife, beginLife, goodAnswer } from "./random-market.ts"

const second = 1_000_000
const economy = fc.oneof(fc.constant(pooled), fc.constant(hardened), anyEconomy)

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never

/** Sends an event now, answers every probe that follows from it, and says what each answer gave. */
const sendNow = (life: Life, fact: WithoutTime<MarketEvent>): void => {
  const { market } = life
  if (market.now >= nextWake(market))
    answer(life, life.send({ _tag: "TimerFired", at: market.now }))
  answer(life, life.send({ ...fact, at: market.now } as MarketEvent))
}

const answer = (life: Life, commands: ReadonlyArray<Command>): void => {
  for (const command of commands)
    if (command._tag === "Probe" || command._tag === "Measure") sendNow(life, goodAnswer(command))
}

/** Everybody does their part, once. */
const repair = (life: Life): void => {
  const { naive } = life
  for (const node of naive.nodes.values())
    sendNow(life, { _tag: node.isOnline ? "HeartbeatReceived" : "NodeReturned", node: node.id })
  for (const request of naive.requests.values())
    sendNow(life, {
      _tag: "AttemptEnded",
      request: request.id,
      attempt: request.attempt,
      outcome: "completed",
      outputTokens: 0,
      reportedTokens: 0,
      decodeMicros: 0,
      retryAfterMicros: 0,
    })
  for (const instance of naive.instances.values()) {
    const id = { instance: instance.id }
    if (instance.probe !== undefined)
      sendNow(life, {
        _tag: "ProbeEnded",
        ...id,
        probe: instance.probe.number,
        outcome: "completed",
        outputTokens: 400,
        decodeMicros: 6 * second,
        retryAfterMicros: 0,
      })
    if (!instance.isAvailable)
      sendNow(life, { _tag: "AvailabilityChanged", ...id, isAvailable: true })
    if (instance.isSuspended) sendNow(life, { _tag: "CredentialReplaced", ...id })
    if (instance.measured === undefined)
      sendNow(life, {
        _tag: "CapacityMeasured",
        ...id,
        measurement: instance.models,
        slots: 4,
        tokensPerSecond: 1000,
      })
  }
}

/** The longest that the rules may keep this instance out from now on, µs. */
const longestWait = ({ naive }: Life, instance: NaiveInstance): number => {
  const { breaker, floor } = naive.economy
  const seconds =
    breaker.cooldownSeconds +
    breaker.probeLeaseSeconds +
    breaker.probeRetrySeconds +
    floor.probeSeconds +
    floor.minStreamTokens / Math.max(1, floor.readmitTokensPerSecond)
  const paused = Math.max(0, instance.backpressureUntil - naive.clock.now)
  const drain =
    naive.rampAt(instance) *
    Math.min(instance.tokensPerSecond, instance.measured?.tokensPerSecond ?? Infinity)
  // It is looked at again when the debt is worked off at the ramp at which it was last looked at.
  const slowest = Math.min(drain, instance.drainLeast)
  const owing = instance.debtMost === 0 ? 0 : (instance.debtMost / slowest) * second
  return micros(seconds) + paused + Math.ceil(owing) + 10
}

/** With probes by request, an instance that is let through half-open takes one good request. */
const isBack = (life: Life, id: number): boolean => {
  const view = instanceView(life.market, id)
  return view?.reason === "Eligible"
}

describe("no reachable state is stuck", () => {
  it("for an instance whose operator and driver do their part", async () => {
    await assertProperty(
      fc.property(economy, anyShortLife, (rules, deeds) => {
        const life = beginLife(rules, "life")
        for (const deed of deeds) life.play(deed)
        repair(life)
        const waiting = [...life.naive.instances.values()].filter((one) => !one.isDraining)
        const until = new Map(
          waiting.map((one) => [one.id, life.market.now + longestWait(life, one)] as const),
        )
        for (;;) {
          const out = waiting.filter((one) => !isBack(life, one.id))
          if (out.length === 0) break
          for (const one of out)
            ensure(
              life.market.now <= (until.get(one.id) ?? 0),
              "14: still out after the longest wait",
              () => ({
                view: instanceView(life.market, one.id),
                one,
                now: life.market.now,
              }),
            )
          // Nodes stay alive, and nothing happens but the timers.
          for (const node of life.naive.nodes.values())
            sendNow(life, { _tag: "HeartbeatReceived", node: node.id })
          const { heartbeatSeconds, missedHeartbeats } = rules.liveness
          const nextBeat = life.market.now + micros(heartbeatSeconds * missedHeartbeats) - 1
          answer(
            life,
            life.send({ _tag: "TimerFired", at: Math.min(nextBeat, nextWake(life.market)) }),
          )
        }
        for (const one of waiting) expect(instanceView(life.market, one.id)?.inFlight).toBe(0)
      }),
      { share: 0.4 },
    )
  })
})
