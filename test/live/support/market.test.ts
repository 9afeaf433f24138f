import { describe, expect, it } from "vitest"
import { manualClock } from "./manual-clock.ts"
import { openTestMarket } from "./market.ts"

describe("the market of the tests", () => {
  it("routes a call of a funded account to the host that serves the model", () => {
    const market = openTestMarket({ clock: manualClock() })
    const model = market.listModel({ name: "small" })
    const { account } = market.openAccount()
    const { instance } = market.startHost({ model })
    const request = market.driver.nextRequest()
    market.driver.submit({
      _tag: "RequestArrived",
      request,
      account: account.id,
      model: model.id,
      inputTokens: 10,
      maxTokens: 10,
    })
    expect(market.journal.entries.at(-1)?.commands).toEqual([
      { _tag: "Dispatch", request, attempt: 0, instance: instance.id },
    ])
  })
})
