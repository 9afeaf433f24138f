import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { endWhatWasUnderWay } from "../../../../live/driver/recovery.ts"
import { makeReceipts } from "../../../../live/gateway/call/receipts.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { openTestMarket } from "../../support/market.ts"

describe("a call that the gateway's own end cut off", () => {
  it("has a receipt for what was delivered, at the prices of its arrival, that names no key", async () => {
    const market = openTestMarket({ clock: manualClock() })
    const { driver, store } = market
    const model = market.listModel({ inputPricePerMtok: 1_000_000, outputPricePerMtok: 2_000_000 })
    const { instance } = market.startHost({ model })
    const { account } = market.openAccount()
    const request = driver.nextRequest()
    driver.submit({
      _tag: "RequestArrived",
      request,
      account: account.id,
      model: model.id,
      inputTokens: 10,
      maxTokens: 50,
    })
    // What follows is another process: it finds the call in the market, and knows nothing of who asked.
    driver.submit({
      _tag: "ModelListed",
      model: model.id,
      inputPricePerMtok: 9_000_000,
      outputPricePerMtok: 9_000_000,
    })
    makeReceipts(market)
    expect(endWhatWasUnderWay(driver, store, () => 7)).toBe(1)
    const finish = market.journal.entries
      .flatMap(({ commands }) => commands)
      .find((command) => command._tag === "Finish")
    expect(finish).toMatchObject({ request, charge: 24 })
    expect(await Effect.runPromise(store.receiptsOf([request]))).toEqual([
      {
        request,
        at: 0,
        account: account.id,
        key: null,
        requestId: null,
        model: model.id,
        instance: instance.id,
        inputTokens: 10,
        outputTokens: 7,
        inputPricePerMtok: 1_000_000,
        outputPricePerMtok: 2_000_000,
        charge: 24,
        outcome: "gatewayFault",
      },
    ])
  })
})
