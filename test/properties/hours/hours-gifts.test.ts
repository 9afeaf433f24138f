/** Invariant 46: what gifts pay for hours stays a gift where the rules say so, and a refund is a gift again. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountView } from "../../../engine/index.ts"
import {
  begin,
  closedHoles,
  consumer,
  credit,
  hour,
  openHoursMarket,
  provider,
} from "../../support/hours.ts"
import { assertProperty } from "../../support/property.ts"

const grant = 2 * credit
const economyOf = (giftsPay: "gifts" | "earnings") =>
  closedHoles({
    promotion: { grantCredits: 2, giftsPay },
    escrow: { periodHours: 3, bondHours: 0 },
  })

describe("gifts that pay for hours", () => {
  it("make nobody an income, and come back as gifts", async () => {
    const anyUse = fc.record({
      hours: fc.integer({ min: 1, max: 30 }),
      used: fc.integer({ min: 1, max: 30 }),
      bought: fc.constantFrom(0, 0.3 * credit, 50 * credit),
      consumerBps: fc.constantFrom(undefined, 0, 2500, 10_000),
    })
    await assertProperty(
      fc.property(anyUse, ({ hours, used, bought, consumerBps }) => {
        const trial = openHoursMarket({
          economy: economyOf("gifts"),
          consumerCredit: bought,
          providerCredit: credit,
        })
        begin(trial, 1, { hours })
        trial.wait(used * hour)
        trial.send({ _tag: "BookingEnded", booking: 1, by: consumer })
        if (consumerBps !== undefined) {
          trial.send({ _tag: "BookingDisputed", booking: 1, by: consumer })
          trial.send({ _tag: "DisputeRuled", booking: 1, consumerBps })
        }
        trial.wait(100 * hour)
        const consumerView = accountView(trial.market, consumer)
        const providerView = accountView(trial.market, provider)
        const spent = grant - (consumerView?.gift ?? 0)
        // Gifts go first: nothing else was spent as long as some are left.
        if ((consumerView?.gift ?? 0) > 0 && consumerBps === undefined)
          expect(consumerView?.bought).toBe(bought)
        // The platform's part of a gift is income; the provider's is a gift, rounded down release by release.
        const gifted = (providerView?.gift ?? 0) - grant
        expect(gifted).toBeLessThanOrEqual(Math.ceil(spent * 0.88))
        expect(gifted).toBeGreaterThanOrEqual(Math.floor(spent * 0.88) - 11)
        if (bought === 0) expect(providerView?.earned).toBeLessThanOrEqual(11)
      }),
      { share: 0.2 },
    )
  })

  it("are the provider's income where the rules say so", () => {
    const trial = openHoursMarket({
      economy: economyOf("earnings"),
      consumerCredit: 0,
      providerCredit: 0,
    })
    begin(trial, 1, { hours: 10 })
    trial.wait(100 * hour)
    expect(accountView(trial.market, provider)).toMatchObject({
      earned: 0.88 * credit,
      gift: grant,
    })
    expect(accountView(trial.market, consumer)).toMatchObject({ gift: credit, bought: 0 })
  })
})
