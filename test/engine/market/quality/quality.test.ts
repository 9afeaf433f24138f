import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { restore, snapshot, stateDigest } from "../../../../engine/index.ts"
import { hardened } from "../../../../engine/economy/presets/hardened.ts"
import type { EconomyPatch } from "../../../../engine/economy/derive.ts"
import { countIn } from "../../../../engine/rules/health.ts"
import type { Trial } from "../../../support/market.ts"
import {
  arrive,
  call,
  commandsOf,
  economyWith,
  endAttempt,
  openSmallMarket,
  rejectionOf,
  startInstance,
  viewOf,
} from "../../../support/market.ts"
import { assertProperty } from "../../../support/property.ts"

const second = 1_000_000
const hour = 3600 * second
/** Newcomers are given as much as others. */
const unramped = { ramp: { start: 1, onlineHours: 0 } }
const open = (patch: EconomyPatch, nodes = 1): Trial =>
  openSmallMarket({ economy: economyWith({ ...unramped, ...patch }), nodes })
const counted = (trial: Trial, what: "failures" | "neutrals" | "refusals") =>
  countIn(trial.market.health.sums, what, 0)

describe("a host that gives a job back", () => {
  /** A call that is given back after so many seconds. */
  const giveBack = (trial: Trial, request: number, seconds: number) => {
    arrive(trial, request)
    trial.wait(seconds * second)
    return endAttempt(trial, request, { outcome: "qualityFailed" })
  }
  const neutral = { quality: { refusalShare: 0.02, timeoutSeconds: 100 } }

  it("has failed, literally", () => {
    const trial = open({})
    giveBack(trial, 1, 1)
    expect([counted(trial, "failures"), counted(trial, "neutrals")]).toEqual([1, 0])
  })

  it("has not within half of the time of the job, and has after it", () => {
    const trial = open(neutral)
    giveBack(trial, 1, 50)
    expect([counted(trial, "failures"), counted(trial, "neutrals")]).toEqual([0, 1])
    const late = open(neutral)
    giveBack(late, 1, 51)
    expect([counted(late, "failures"), counted(late, "neutrals")]).toEqual([1, 0])
  })

  it("may do so with one job in fifty, and with the first", () => {
    const trial = open(neutral)
    let request = 0
    giveBack(trial, ++request, 1)
    giveBack(trial, ++request, 1)
    expect([counted(trial, "failures"), counted(trial, "refusals")]).toEqual([1, 1])
    // The 98th job would be the second refusal in 99: the 100th is the second in 100.
    while (request < 98) call(trial, ++request)
    giveBack(trial, ++request, 1)
    expect([counted(trial, "failures"), counted(trial, "refusals")]).toEqual([2, 1])
    giveBack(trial, ++request, 1)
    expect([counted(trial, "failures"), counted(trial, "refusals")]).toEqual([2, 2])
  })

  it("is not parked for it, and the job is done elsewhere", () => {
    const trial = open({ ...neutral, quality: { refusalShare: 1, timeoutSeconds: 100 } }, 2)
    for (let request = 1; request <= 6; request++) {
      const [first] = commandsOf(arrive(trial, request), "Dispatch")
      const again = endAttempt(trial, request, { outcome: "qualityFailed" })
      const [second] = commandsOf(again, "Dispatch")
      expect(second?.instance).not.toBe(first?.instance)
      endAttempt(trial, request, { attempt: 1 })
    }
    expect([viewOf(trial, 1).parks, viewOf(trial, 2).parks]).toEqual([0, 0])
  })

  it("never gives back more than its share without a failure", async () => {
    const economy = economyWith({ ...unramped, quality: { refusalShare: 0.1 } })
    await assertProperty(
      fc.property(fc.array(fc.boolean(), { minLength: 5, maxLength: 60 }), (refused) => {
        const trial = openSmallMarket({ economy })
        refused.forEach((isRefused, index) =>
          call(trial, index + 1, isRefused ? "qualityFailed" : "completed"),
        )
        const jobs = trial.market.lastRequest
        expect(counted(trial, "refusals")).toBeLessThanOrEqual(Math.max(1, 0.1 * jobs))
      }),
      { share: 0.1 },
    )
  })
})

describe("answers that are run again", () => {
  const audits = { quality: { auditShare: 1, auditHours: 2 } }
  const answered = (trial: Trial, request: number) => {
    arrive(trial, request)
    return endAttempt(trial, request)
  }
  const audit = (trial: Trial, request: number, isSame: boolean) =>
    trial.send({ _tag: "QualityAudited", request, isSame })

  it("are the share that the rules ask for, drawn from a stream of their own", () => {
    const trial = open({ quality: { auditShare: 0.2 } }, 3)
    const plain = open({}, 3)
    const [dispatched, others] = [trial, plain].map((one) =>
      Array.from({ length: 2000 }, (_, index) => call(one, index + 1)),
    )
    expect(dispatched).toEqual(others)
    const asked = commandsOf(trial.commands, "Recheck").length
    // Five standard deviations of a binomial of 2,000 at 0.2.
    expect(Math.abs(asked - 400)).toBeLessThan(90)
    expect(commandsOf(plain.commands, "Recheck")).toEqual([])
  })

  it("are whole ones alone", () => {
    const trial = open(audits)
    expect(commandsOf(answered(trial, 1), "Recheck")).toMatchObject([
      { request: 1, instance: 1, untilMicros: 2 * hour },
    ])
    arrive(trial, 2)
    const cut = endAttempt(trial, 2, { outcome: "stalled", outputTokens: 5 })
    expect(commandsOf(cut, "Recheck")).toEqual([])
  })

  it("are no matter where they are the same", () => {
    const trial = open(audits)
    answered(trial, 1)
    expect(audit(trial, 1, true)).toEqual([])
    expect(rejectionOf(audit(trial, 1, false))).toBe("UnknownRequest")
    expect(counted(trial, "failures")).toBe(0)
  })

  it("are fraud where they are not, also when the instance is gone", () => {
    const trial = open(audits)
    answered(trial, 1)
    answered(trial, 2)
    expect(commandsOf(audit(trial, 1, false), "Audit")).toMatchObject([
      { subject: 1, finding: "QualityFailed" },
      { subject: 1001, finding: "Clawback" },
    ])
    expect(counted(trial, "failures")).toBe(1)
    trial.send({ _tag: "InstanceStopped", instance: 1 })
    expect(commandsOf(audit(trial, 2, false), "Audit")).toHaveLength(2)
  })

  it("are the last of a fake, where fakes are stopped, until the market has measured it", () => {
    const stopped = { quality: { auditShare: 1, stopsFakes: true } }
    const trial = open(stopped)
    answered(trial, 1)
    audit(trial, 1, false)
    expect(viewOf(trial, 1).reason).toBe("BelowAccuracy")
    expect(commandsOf(arrive(trial, 2), "Refuse")).toHaveLength(1)
    const again = Either.getOrThrow(restore(JSON.parse(JSON.stringify(snapshot(trial.market)))))
    expect(stateDigest(again)).toBe(stateDigest(trial.market))
    const measured = { _tag: "AccuracyMeasured", instance: 1, scoreBps: 10_000 } as const
    expect(rejectionOf(trial.send({ ...measured, by: 1001 }))).toBe("NotParty")
    expect(trial.send(measured)).toEqual([])
    expect(viewOf(trial, 1).reason).toBe("Eligible")
    // Literally it goes on as if nothing had been.
    const literal = open(audits)
    answered(literal, 1)
    audit(literal, 1, false)
    expect(viewOf(literal, 1).reason).toBe("Eligible")
  })

  it("take back the bounty that has not vested", () => {
    const trial = openSmallMarket({ economy: economyWith(audits, hardened) })
    answered(trial, 1)
    const account = trial.market.accounts.slots.find(1001)
    trial.market.accounts.columns.claimVesting[account] = 5
    trial.market.claimants.push(account)
    audit(trial, 1, false)
    expect(trial.market.claimants).toEqual([])
    expect(trial.market.accounts.columns.claimVesting[account]).toBe(0)
  })

  it("are not waited for after their time, nor lost by a snapshot", () => {
    const trial = open(audits)
    answered(trial, 1)
    const again = Either.getOrThrow(restore(JSON.parse(JSON.stringify(snapshot(trial.market)))))
    expect(stateDigest(again)).toBe(stateDigest(trial.market))
    trial.wait(2 * hour)
    expect(rejectionOf(audit(trial, 1, false))).toBe("UnknownRequest")
    trial.wait(hour)
    expect(trial.market.rechecks.slots.size).toBe(0)
  })
})

describe("a specialised model", () => {
  const list = (trial: Trial, accuracyBps?: number) =>
    trial.send({
      _tag: "ModelListed",
      model: 1,
      inputPricePerMtok: 1_000_000,
      outputPricePerMtok: 2_000_001,
      ...(accuracyBps === undefined ? {} : { accuracyBps }),
    })
  const measure = (trial: Trial, scoreBps: number, by?: number) =>
    rejectionOf(
      trial.send({
        _tag: "AccuracyMeasured",
        instance: 1,
        scoreBps,
        ...(by === undefined ? {} : { by }),
      }),
    )
  const reason = (trial: Trial) => viewOf(trial, 1).reason

  it("is served by whoever was measured to be as accurate as it asks for", () => {
    const trial = open({})
    list(trial, 9500)
    expect(reason(trial)).toBe("BelowAccuracy")
    expect(call(trial, 1)).toBe(-1)
    expect(measure(trial, 9499)).toBeUndefined()
    expect(reason(trial)).toBe("BelowAccuracy")
    expect(measure(trial, 9500, 1001)).toBeUndefined()
    expect(reason(trial)).toBe("Eligible")
    list(trial, 9600)
    expect(reason(trial)).toBe("BelowAccuracy")
    list(trial)
    expect(reason(trial)).toBe("Eligible")
  })

  it("is forgotten with the model that it was measured with", () => {
    const trial = open({})
    trial.send({ _tag: "ModelListed", model: 2, inputPricePerMtok: 1, outputPricePerMtok: 1 })
    list(trial, 9500)
    measure(trial, 10_000)
    for (const model of [2, 1])
      trial.send({
        _tag: "ModelSwitched",
        instance: 1,
        model,
        slots: 4,
        tokensPerSecond: 100,
        isPlatformAsked: true,
      })
    expect(reason(trial)).toBe("BelowAccuracy")
  })

  it("takes the market's word alone in aitbc-hardened, never the provider's", () => {
    const trial = open({ specialised: { accuracy: "market" } })
    list(trial, 9500)
    expect(measure(trial, 10_000, 1001)).toBe("NotParty")
    expect(measure(trial, 10_000, 1)).toBe("NotParty")
    expect(reason(trial)).toBe("BelowAccuracy")
    expect(measure(trial, 10_000)).toBeUndefined()
    expect(reason(trial)).toBe("Eligible")
  })

  it("costs a fifth more: 100 tokens in at 1, 100 out at 2 a token are 360, not 300", () => {
    const trial = open({})
    list(trial, 9500)
    measure(trial, 9500)
    arrive(trial, 1)
    expect(commandsOf(endAttempt(trial, 1), "Finish")[0]?.charge).toBe(361)
    const plain = open({})
    list(plain)
    arrive(plain, 1)
    expect(commandsOf(endAttempt(plain, 1), "Finish")[0]?.charge).toBe(301)
  })

  it("is refused with what is no accuracy, or no price any more", () => {
    const trial = open({})
    startInstance(trial, { instance: 5, node: 1 })
    expect(rejectionOf(list(trial, 10_001))).toBe("InvalidQuantity")
    expect(measure(trial, 10_001)).toBe("InvalidQuantity")
    expect(measure(trial, 1, 77)).toBe("UnknownAccount")
    const dear = trial.send({
      _tag: "ModelListed",
      model: 1,
      inputPricePerMtok: 0,
      outputPricePerMtok: Number.MAX_SAFE_INTEGER,
      accuracyBps: 1,
    })
    expect(rejectionOf(dear)).toBe("InvalidQuantity")
  })
})
