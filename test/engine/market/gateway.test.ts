import { describe, expect, it } from "vitest"
import { hardened } from "../../../engine/economy/presets/hardened.ts"
import { countIn } from "../../../engine/rules/health.ts"
import { balanceOf } from "../../../engine/ledger/accounts.ts"
import { advance } from "../../../engine/service.ts"
import { stateDigest } from "../../../engine/market/snapshot.ts"
import { slotOf } from "../../../engine/core/table.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import { marketView } from "../../../engine/market/views/model-view.ts"
import {
  arrive,
  call,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
  viewOf,
} from "../../support/market.ts"
import type { Trial } from "../../support/market.ts"

const second = 1_000_000
const hour = 3600 * second
const grown = economyWith({ ramp: { start: 1 }, routing: { maxRetries: 0 } })

/** The gateway is back after `micros` of which the market has heard nothing. */
const resume = (trial: Trial, micros: number) =>
  trial.sendRaw({ _tag: "GatewayResumed", at: trial.market.now + micros })

describe("after an outage of the gateway", () => {
  it("silent nodes have a whole heartbeat timeout to be heard of again", () => {
    const trial = openSmallMarket({ economy: grown, nodes: 2 })
    for (const node of [1, 2]) trial.send({ _tag: "HeartbeatReceived", node })
    expect(resume(trial, 5 * hour)).toEqual([])
    for (const instance of [1, 2]) expect(viewOf(trial, instance).reason).toBe("Eligible")
    trial.wait(60 * second)
    trial.send({ _tag: "HeartbeatReceived", node: 1 })
    expect(commandsOf(trial.wait(30 * second), "FailOver")).toEqual([{ _tag: "FailOver", node: 2 }])
    expect([1, 2].map((one) => viewOf(trial, one).reason)).toEqual(["Eligible", "Inactive"])
    // They are taken to have stood as they stood.
    expect(viewOf(trial, 1).onlineMicros).toBe(5 * hour + 90 * second)
  })

  it("attempts that it cut off end without blame: delivered tokens are paid, nothing is held", () => {
    const trial = openSmallMarket({ economy: grown, slots: 8 })
    for (const request of [1, 2, 3]) arrive(trial, request)
    resume(trial, 5 * hour)
    const { health } = viewOf(trial, 1)
    const ends = [
      endAttempt(trial, 1, { outcome: "gatewayFault" }),
      // The host went on generating, and what was seen of it took for ever.
      endAttempt(trial, 2, {
        outcome: "gatewayFault",
        outputTokens: 40,
        reportedTokens: 100,
        decodeMicros: 5 * hour,
      }),
    ]
    expect(commandsOf(ends[0] ?? [], "Finish")).toMatchObject([{ charge: 0 }])
    expect(commandsOf(ends[1] ?? [], "Finish")).toMatchObject([{ charge: 100 + 2 * 40 }])
    expect(commandsOf(ends.flat(), "Audit")).toEqual([])
    const { sums } = trial.market.health
    expect((["failures", "neutrals"] as const).map((what) => countIn(sums, what, 0))).toEqual([
      0, 2,
    ])
    expect(viewOf(trial, 1)).toMatchObject({ health, parks: 0, inFlight: 1 })
    endAttempt(trial, 3, { outcome: "gatewayFault" })
    expect(balanceOf(trial.market.ledger, slotOf(trial.market.accounts, 1)).held).toBe(0)
  })

  it("nothing that fell due meanwhile does so one by one, and what was asked is asked anew", () => {
    const trial = openSmallMarket({ economy: grown })
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
    expect(commandsOf(trial.wait(15 * second), "Probe")).toMatchObject([{ probe: 1 }])
    expect(resume(trial, 5 * hour)).toMatchObject([{ _tag: "Probe", probe: 2 }])
    const answer = (probe: number) =>
      trial.send({
        _tag: "ProbeEnded",
        instance: 1,
        probe,
        outcome: "completed",
        outputTokens: 32,
        decodeMicros: second,
        retryAfterMicros: 0,
      })
    expect(rejectionOf(answer(1))).toBe("StaleProbe")
    expect(answer(2)).toEqual([])
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("measurements are asked for anew", () => {
    const trial = openSmallMarket({ economy: hardened })
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    trial.send({
      _tag: "ModelSwitched",
      instance: 1,
      model: 2,
      slots: 4,
      tokensPerSecond: 100,
      isPlatformAsked: false,
    })
    expect(resume(trial, second)).toEqual([{ _tag: "Measure", instance: 1, measurement: 2 }])
  })

  it("hours without a gateway are none without demand: bounties stay as they were", () => {
    const trial = openSmallMarket({ economy: grown, nodes: 1, tokensPerSecond: 1, slots: 1 })
    arrive(trial, 1, { maxTokens: 7200 })
    endAttempt(trial, 1, { outputTokens: 7200, decodeMicros: 7200 * 1000 })
    trial.wait(hour)
    const [before] = marketView(trial.market)
    expect(before).toMatchObject({ demandTokensPerSecond: 2, multiplier: 1.6 })
    resume(trial, 30 * hour)
    expect(marketView(trial.market)[0]).toEqual(before)
    trial.wait(hour)
    expect(marketView(trial.market)[0]?.demandTokensPerSecond).toBeLessThan(2)
  })

  it("bounties claimed before it are paid, and health forgets as ever", () => {
    const trial = openSmallMarket({ economy: grown })
    call(trial, 1, "stalled")
    expect(viewOf(trial, 1).health).toBeLessThan(0.95)
    resume(trial, 337 * hour)
    expect(countIn(trial.market.health.sums, "failures", 0)).toBe(0)
  })
})

describe("the gateway's return", () => {
  it("says nothing where no time has gone by, so that saying it again changes nothing", () => {
    const trial = openSmallMarket({ economy: grown })
    for (let request = 1; request <= 3; request++) call(trial, request, "stalled")
    resume(trial, hour)
    const before = stateDigest(trial.market)
    expect(resume(trial, 0)).toEqual([])
    expect(stateDigest(trial.market)).toBe(before)
  })

  it("is not preceded by the timers that it calls off", () => {
    const trial = openSmallMarket({ economy: grown })
    trial.send({ _tag: "HeartbeatReceived", node: 1 })
    const out: Array<Command> = []
    advance(trial.market, { _tag: "GatewayResumed", at: 9 * hour }, out)
    expect(out).toEqual([])
    expect(viewOf(trial, 1).reason).toBe("Eligible")
  })

  it("comes when it comes: not before the latest event, nor at no time at all", () => {
    const trial = openSmallMarket()
    trial.wait(hour)
    const at = (time: number) => rejectionOf(trial.sendRaw({ _tag: "GatewayResumed", at: time }))
    expect(at(hour - 1)).toBe("ClockWentBackwards")
    expect(at(Number.NaN)).toBe("InvalidQuantity")
  })
})
