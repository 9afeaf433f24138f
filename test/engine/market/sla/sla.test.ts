import { describe, expect, it } from "vitest"
import { accountView, booksView, listingSla, slaView } from "../../../../engine/index.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { auditMarket } from "../../../../engine/market/invariants.ts"
import {
  begin,
  closedHoles,
  closeOf,
  consumer,
  credit,
  day,
  hour,
  listing,
  literal,
  minute,
  openHoursMarket,
  order,
  provider,
  releaseOf,
} from "../../../support/hours.ts"
import type { Trial } from "../../../support/market.ts"
import { commandsOf, endAttempt, rejectionOf, startInstance } from "../../../support/market.ts"

/** 003's promises, less than all of it lost before the machine is. */
const promise = {
  availabilityBps: 9500,
  completionBps: 9800,
  responseMicros: 30_000_000,
  penaltyBps: 5000,
}
const wholeGrace: EconomyPatch["escrow"] = { lostShare: 1 }

const promised = (
  base: typeof literal,
  patch: EconomyPatch = {},
  terms: Partial<typeof promise> = {},
): Trial => {
  const economy = base({ ...patch, escrow: { ...wholeGrace, ...patch.escrow } })
  const trial = openHoursMarket({ economy })
  trial.send({ _tag: "SlaSet", listing, ...promise, ...terms })
  return trial
}

const awayFor = (trial: Trial, micros: number): void => {
  trial.send({ _tag: "NodeLost", node: listing })
  trial.wait(micros)
  trial.send({ _tag: "NodeReturned", node: listing })
}
const isEmpty = (trial: Trial): void => {
  auditMarket(trial.market)
  expect(booksView(trial.market)).toMatchObject({ total: 0, held: 0 })
}

describe("a day that was promised to be up for 95% of it", () => {
  it("gives half of its price back, once, where it was up for 93%", () => {
    const trial = promised(literal, { hours: { bulkAfterHours: 8760 } })
    begin(trial, 1, { hours: 100, jobs: 1 })
    trial.wait(40 * hour)
    awayFor(trial, 7 * hour)
    expect(slaView(trial.market, 1)).toMatchObject({
      isUp: true,
      upMicros: 40 * hour,
      expectedMicros: 47 * hour,
    })
    const ended = trial.wait(53 * hour)
    // 100 h × 0.1, half of it back; fee and share of the rest.
    expect(releaseOf(ended)).toMatchObject({
      drawn: 5 * credit,
      refund: 5 * credit,
      fee: 0.6 * credit,
    })
    expect(commandsOf(ended, "Audit")).toMatchObject([
      { subject: provider, finding: "SlaBreached", quantity: 1 },
    ])
    expect(closeOf(ended)).toMatchObject({ drawn: 5 * credit, penalty: 0 })
    isEmpty(trial)
  })

  it("gives nothing back where it was up for 95%, and says nothing", () => {
    const trial = promised(literal)
    begin(trial, 1, { hours: 100 })
    awayFor(trial, 5 * hour)
    const ended = trial.wait(95 * hour)
    expect(releaseOf(ended)?.refund).toBe(0)
    expect(commandsOf(ended, "Audit")).toEqual([])
  })

  it("is late from when access was asked for", () => {
    const trial = promised(literal, { escrow: { startGraceMinutes: 600 } })
    order(trial, 1, { hours: 100 })
    trial.wait(6 * hour)
    trial.send({ _tag: "DeliveryStarted", booking: 1 })
    expect(slaView(trial.market, 1)).toMatchObject({ upMicros: 0, expectedMicros: 6 * hour })
    expect(releaseOf(trial.wait(94 * hour))).toMatchObject({ refund: 4 * credit })
  })
})

describe("periods", () => {
  const byDay = { hours: { bulkAfterHours: 8760 } }

  it("are judged each by itself, what was not delivered is not paid, and the bond pays what is left", () => {
    const trial = promised(closedHoles, byDay)
    const bought = accountView(trial.market, consumer)?.bought ?? 0
    begin(trial, 1, { hours: 72 })
    trial.wait(day)
    awayFor(trial, day)
    expect(slaView(trial.market, 1)).toMatchObject({ refund: 1.2 * credit, fromBond: 1.2 * credit })
    trial.wait(day)
    const closed = trial.wait(day)
    expect(closeOf(closed)).toMatchObject({ drawn: 4.8 * credit, penalty: 1.2 * credit })
    expect(accountView(trial.market, consumer)?.bought).toBe(bought - 4.8 * credit + 1.2 * credit)
    isEmpty(trial)
  })

  it("are paid out of their own escrow first: the day's pay is gone before the bond is touched", () => {
    const trial = promised(closedHoles, byDay)
    begin(trial, 1, { hours: 48 })
    awayFor(trial, 12 * hour)
    trial.wait(12 * hour)
    // Half a day was delivered, 1.20, and the linear penalty is all of 1.20.
    expect(slaView(trial.market, 1)).toMatchObject({ refund: 1.2 * credit, fromBond: 0 })
    expect(closeOf(trial.wait(2 * day))).toMatchObject({ drawn: 2.4 * credit, penalty: 0 })
  })

  it("never cost a provider more than its bond", () => {
    const trial = promised(closedHoles, { ...byDay, escrow: { bondHours: 10 } })
    begin(trial, 1, { hours: 72 })
    awayFor(trial, 72 * hour)
    expect(closeOf(trial.wait(2 * day))).toMatchObject({ drawn: 0, penalty: credit })
    isEmpty(trial)
  })

  it("that their host ends were promised to their end", () => {
    const trial = promised(closedHoles, byDay)
    begin(trial, 1, { hours: 48 })
    trial.wait(12 * hour)
    trial.send({ _tag: "BookingEnded", booking: 1, by: provider })
    expect(slaView(trial.market, 1)).toMatchObject({ refund: 1.2 * credit, fromBond: 0 })
    const left = promised(closedHoles, byDay)
    begin(left, 1, { hours: 48 })
    left.wait(12 * hour)
    left.send({ _tag: "BookingEnded", booking: 1, by: consumer })
    expect(slaView(left.market, 1)?.refund).toBe(0)
  })

  it("that nobody rules on go by the same evidence", () => {
    const trial = promised(closedHoles, { ...byDay, disputes: { depositShare: 0 } })
    begin(trial, 1, { hours: 48 })
    awayFor(trial, day)
    trial.send({ _tag: "BookingDisputed", booking: 1, by: consumer })
    trial.send({ _tag: "DisputeAnswered", booking: 1, by: provider })
    const closed = trial.wait(7 * day)
    expect(closeOf(closed)).toMatchObject({ outcome: "split", drawn: 0, penalty: 1.2 * credit })
    isEmpty(trial)
  })
})

describe("what is nobody's fault", () => {
  it("is the gateway's absence: neither expected nor missed, whatever was before and after (49)", () => {
    const trial = promised(closedHoles)
    begin(trial, 1, { hours: 48 })
    trial.wait(10 * hour)
    trial.sendRaw({ _tag: "GatewayResumed", at: 40 * hour })
    expect(slaView(trial.market, 1)).toMatchObject({
      upMicros: 10 * hour,
      expectedMicros: 10 * hour,
    })
    trial.wait(0)
    // The second day began while the gateway was away.
    expect(slaView(trial.market, 1)).toMatchObject({ upMicros: 0, expectedMicros: 0, refund: 0 })
    trial.wait(hour)
    expect(slaView(trial.market, 1)).toMatchObject({ upMicros: hour, expectedMicros: hour })
    expect(commandsOf(trial.wait(9 * hour), "Audit")).toEqual([])
  })

  it("is an absence that falls into the gateway's", () => {
    const trial = promised(closedHoles)
    begin(trial, 1, { hours: 24 })
    trial.wait(10 * hour)
    trial.send({ _tag: "NodeLost", node: listing })
    trial.wait(minute)
    trial.sendRaw({ _tag: "GatewayResumed", at: 20 * hour })
    trial.send({ _tag: "NodeReturned", node: listing })
    expect(slaView(trial.market, 1)).toMatchObject({
      upMicros: 10 * hour,
      expectedMicros: 10 * hour + minute,
    })
  })
})

describe("a promise", () => {
  it("is that of the order, whatever is promised later", () => {
    const trial = promised(literal)
    begin(trial, 1, { hours: 10 })
    trial.send({ _tag: "SlaSet", listing, ...promise, availabilityBps: 0, penaltyBps: 0 })
    expect(listingSla(trial.market, listing)?.availabilityBps).toBe(0)
    expect(slaView(trial.market, 1)?.terms).toEqual(promise)
    awayFor(trial, hour)
    expect(releaseOf(trial.wait(9 * hour))?.refund).toBe(0.5 * credit)
  })

  it("is refused where it is none", () => {
    const trial = openHoursMarket()
    const set = (more: object) =>
      rejectionOf(trial.send({ _tag: "SlaSet", listing, ...promise, ...more }))
    expect(set({ listing: 99 })).toBe("UnknownListing")
    for (const more of [
      { availabilityBps: 10_001 },
      { completionBps: -1 },
      { penaltyBps: 0.5 },
      { responseMicros: day + 1 },
    ])
      expect(set(more)).toBe("InvalidQuantity")
    expect(set({})).toBeUndefined()
  })

  it("that a listing has not made costs nothing", () => {
    const trial = openHoursMarket({ economy: literal({ escrow: wholeGrace }) })
    begin(trial, 1, { hours: 10 })
    awayFor(trial, 9 * hour)
    expect(slaView(trial.market, 1)).toBeUndefined()
    expect(releaseOf(trial.wait(hour))?.refund).toBe(0)
  })
})

describe("calls to a machine whose hours one has", () => {
  /** One job of four is booked, so that three of the instance's four slots take calls. */
  const withInstance = (patch: EconomyPatch = {}): Trial => {
    const trial = promised(literal, patch, { availabilityBps: 9900 })
    trial.send({ _tag: "ModelListed", model: 1, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    startInstance(trial, { instance: 1, node: listing })
    begin(trial, 1, { hours: 10 })
    return trial
  }
  let request = 0
  const call = (
    trial: Trial,
    account: number,
    outcome: "completed" | "upstreamError" | "consumerError",
  ) => {
    request += 1
    trial.send({
      _tag: "RequestArrived",
      request,
      account,
      model: 1,
      inputTokens: 1,
      maxTokens: 100,
    })
    if (outcome !== "completed") return endAttempt(trial, request, { outcome })
    return trial.send({
      _tag: "AttemptEnded",
      request,
      attempt: 0,
      outcome,
      outputTokens: 100,
      reportedTokens: 100,
      decodeMicros: 1_000_000,
      retryAfterMicros: 0,
      firstTokenMicros: 40_000_000,
    })
  }

  it("count where they are of its consumer, by their verdict, and by their first token", () => {
    const trial = withInstance()
    call(trial, consumer, "completed")
    call(trial, consumer, "upstreamError")
    call(trial, consumer, "consumerError")
    call(trial, provider, "upstreamError")
    expect(slaView(trial.market, 1)).toMatchObject({
      successes: 1,
      failures: 1,
      responses: 1,
      onTime: 0,
      meanResponseMicros: 40_000_000,
    })
    for (let more = 0; more < 19; more++) call(trial, consumer, "completed")
    expect(releaseOf(trial.wait(10 * hour))?.refund).toBe(0.5 * credit)
  })

  it("that park all of its instances take it down, until one of them is back", () => {
    const trial = withInstance()
    for (let failed = 0; failed < 3; failed++) call(trial, consumer, "upstreamError")
    expect(slaView(trial.market, 1)).toMatchObject({ isUp: false, failures: 3 })
    startInstance(trial, { instance: 2, node: listing })
    expect(slaView(trial.market, 1)?.isUp).toBe(true)
    trial.send({ _tag: "InstanceStopped", instance: 2 })
    expect(slaView(trial.market, 1)?.isUp).toBe(false)
    const probe = commandsOf(trial.wait(2 * minute), "Probe").at(-1)
    const ended = {
      outcome: "completed",
      outputTokens: 1,
      decodeMicros: 0,
      retryAfterMicros: 0,
    } as const
    trial.send({ _tag: "ProbeEnded", instance: 1, probe: probe?.probe ?? 0, ...ended })
    expect(slaView(trial.market, 1)).toMatchObject({
      isUp: true,
      upMicros: 0,
      expectedMicros: 2 * minute,
    })
  })

  it("say nothing while its hours leave no room for calls", () => {
    const trial = withInstance()
    for (let failed = 0; failed < 3; failed++) call(trial, consumer, "upstreamError")
    begin(trial, 2, { hours: 1, jobs: 3 })
    expect(slaView(trial.market, 1)?.isUp).toBe(true)
  })

  it("whose first token is timed by no whole number are refused", () => {
    const trial = withInstance()
    const [dispatched] = commandsOf(
      trial.send({
        _tag: "RequestArrived",
        request: (request += 1),
        account: consumer,
        model: 1,
        inputTokens: 1,
        maxTokens: 1,
      }),
      "Dispatch",
    )
    expect(dispatched).toBeDefined()
    const refused = trial.send({
      _tag: "AttemptEnded",
      request,
      attempt: 0,
      outcome: "completed",
      outputTokens: 1,
      reportedTokens: 1,
      decodeMicros: 0,
      retryAfterMicros: 0,
      firstTokenMicros: -1,
    })
    expect(rejectionOf(refused)).toBe("InvalidQuantity")
  })
})
