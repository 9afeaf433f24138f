import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { ensureAdminKey } from "../../../live/directory/keys.ts"
import { listConfiguredModels } from "../../../live/accounts/model-list.ts"
import type { ListedModel } from "../../../live/config/config.ts"
import { keyOf } from "../../../live/directory/authentication.ts"
import { openTestMarket } from "../support/market.ts"

const model = (name: string, outputPricePerToken: string): ListedModel => ({
  name,
  kind: "text",
  contextTokens: 4096,
  inputPricePerToken: "0",
  outputPricePerToken,
})

const listed = async (...models: ReadonlyArray<ListedModel>) => {
  const market = openTestMarket()
  const list = (these: ReadonlyArray<ListedModel>) =>
    Effect.runPromise(
      listConfiguredModels({ ...market, config: { ...market.config, models: these } }),
    )
  await list(models)
  return { market, list }
}

describe("the models of the configuration", () => {
  it("are listed once, and priced anew where the price changed", async () => {
    const models = [model("a/b", "0.00012"), model("c", "0.000000000001")]
    const { market, list } = await listed(...models)
    const listings = () =>
      market.journal.entries.filter(({ event }) => event._tag === "ModelListed").length
    expect(listings()).toBe(2)
    expect([...market.directory.models.all()]).toMatchObject([
      { name: "a/b", outputPricePerMtok: 120_000_000 },
      { name: "c", outputPricePerMtok: 1 },
    ])
    await list(models)
    expect(listings()).toBe(2)
    await list([model("a/b", "0.0002")])
    expect(listings()).toBe(3)
    expect(market.directory.modelByName("a/b")?.outputPricePerMtok).toBe(200_000_000)
    expect(market.directory.models.size()).toBe(2)
  })

  it.each(["0.0000000000001", "-1", "1e-6", "free", "", "99999999999"])(
    "refuse the price %j, with the model's name and what is allowed",
    async (price) => {
      await expect(listed(model("small", price))).rejects.toThrow(
        /Model small: outputPricePerToken has to be credits as a decimal string.*at most 12 decimals/,
      )
    },
  )

  it("refuse one name twice", async () => {
    await expect(listed(model("a", "0"), model("a", "1"))).rejects.toThrow(/Model a: name .*twice/)
  })
})

describe("the platform's first key", () => {
  it("is made once, and opens the admin's doors", () => {
    const market = openTestMarket()
    const secret = ensureAdminKey(market)
    expect(keyOf(market, { headers: { authorization: `Bearer ${secret}` } })?.role).toBe("admin")
    expect(ensureAdminKey(market)).toBeUndefined()
  })
})
