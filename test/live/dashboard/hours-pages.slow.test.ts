/** The pages of hours, in a browser: a machine is sold, booked, disputed and ruled on, by hand. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ComputeClient, ComputeProvider } from "../../../live/client.ts"
import { runningGateway } from "../support/gateway.ts"
import { chromiumPath, openBrowser, visitsOf } from "./browser.ts"

const lookAtPage = readFileSync(new URL("look-at-page.js", import.meta.url), "utf8")
/** A folder for pictures of every page, where somebody wants to look at them. */
const pictures = process.env["EVENKEEL_PICTURES"]

interface Look {
  readonly weakTexts: ReadonlyArray<string>
  readonly unnamed: ReadonlyArray<string>
  readonly width: number
}

/** The account of a key. */
const idOf = async (baseUrl: string, key: string): Promise<string> => {
  const response = await fetch(`${baseUrl}/account`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return ((await response.json()) as { account_id: string }).account_id
}

/** A time at which a machine that is closed at weekends is open, a week ahead at least. */
const wednesdayAfterNext = (): Date => {
  const date = new Date(Date.now() + 7 * 86_400_000)
  date.setUTCDate(date.getUTCDate() + ((10 - date.getUTCDay()) % 7))
  date.setUTCHours(10, 0, 0, 0)
  return date
}

describe.skipIf(chromiumPath === undefined)(
  `the pages of hours${chromiumPath === undefined ? " (skipped: no Chromium here; set CHROMIUM_PATH)" : ""}`,
  () => {
    let browser: Browser
    const complaints: Array<string> = []
    beforeAll(async () => {
      browser = await openBrowser(chromiumPath!)
    })
    afterAll(async () => {
      await browser.close()
    })

    const opened = async () => {
      const gateway = await runningGateway({
        economy: { preset: "aitbc", knobs: { promotion: { grantCredits: 50 } } },
        hosts: { heartbeatSeconds: 1 },
      })
      const signUp = async (name: string): Promise<string> => {
        const response = await fetch(`${gateway.url}/accounts`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name }),
        })
        return ((await response.json()) as { api_key: string }).api_key
      }
      const visit = visitsOf(
        () => browser,
        () => gateway.url,
        complaints,
      )
      return { gateway, visit, seller: await signUp("seller"), buyer: await signUp("buyer") }
    }

    it("sell a machine, book it, dispute it, and rule on that", { timeout: 180_000 }, async () => {
      const { gateway, visit, seller, buyer } = await opened()
      const selling = await visit("machines", seller)
      await selling.getByLabel("Name", { exact: true }).fill("<b>Atlas</b>")
      await selling.getByLabel("Strategy").selectOption("peak-maximizer")
      await selling.getByRole("button", { name: "Register" }).click()
      const command = await selling.locator("form code").innerText()
      const hostKey = /--host-key (\S+)/.exec(command)?.[1] ?? ""
      const gpuId = /--gpu-id (\S+)/.exec(command)?.[1] ?? ""
      const provider = new ComputeProvider({
        baseUrl: gateway.url,
        gpuId,
        apiKey: hostKey,
        hostKey,
      })
      await provider.startOffering({ grant: { endpoint: "ssh {booking_id}@atlas" } })
      await selling.getByRole("button", { name: "Change" }).click()
      const form = selling.locator("form", { hasText: "hours sold in 30 days" })
      await form.getByLabel("Strategy").selectOption("fixed")
      await form.getByRole("button", { name: "Change" }).click()
      await selling.getByRole("row", { name: /Atlas/ }).getByText("Fixed").waitFor()

      const buying = await visit("hours", buyer)
      await buying.locator("nav").getByRole("link", { name: "Hours", exact: true }).waitFor()
      await buying.getByRole("link", { name: "<b>Atlas</b>" }).click()
      await buying.getByText("Always open.").waitFor()
      await buying.getByRole("button", { name: "What does it cost?" }).click()
      await buying.getByText("0.05 credits.").waitFor()
      await buying.getByRole("button", { name: "Book", exact: true }).click()
      await buying.getByText("Booked for 0.05 credits").waitFor()
      await buying.getByRole("img", { name: /1 span is sold/ }).waitFor()
      await buying.locator("nav").getByRole("link", { name: "My bookings" }).click()
      const row = buying.getByRole("row", { name: /Atlas/ })
      await row.getByText("running").waitFor()
      expect(await row.locator("code").innerText()).toMatch(/^ssh bk_[\w-]+@atlas$/)
      buying.once("dialog", (dialog) => void dialog.accept("It was slow."))
      await row.getByRole("button", { name: "Dispute" }).click()
      await row.getByText("in dispute").waitFor()
      expect(await row.locator("code").count()).toBe(0)

      const ruling = await visit("admin", gateway.adminSecret)
      await ruling.getByText("consumer: It was slow.").waitFor()
      await ruling.getByLabel("The consumer’s part, %").fill("40")
      await ruling.getByRole("button", { name: "Rule" }).click()
      await ruling.getByText("Nothing is in dispute.").waitFor()
      await row.getByText("divided").waitFor()
      await row.getByLabel(/^Rate/).selectOption("2")
      await row.getByRole("img", { name: "2 of 5 stars" }).waitFor()
      await buying.getByRole("link", { name: "<b>Atlas</b>" }).first().click()
      await buying.getByText("40%, of ratings that weigh 1").waitFor()
      await provider.stop()
      for (const page of [selling, buying, ruling]) await page.context().close()
      expect(complaints.splice(0)).toEqual([])
    })

    it("offer a contract, accept it, and show its promise", { timeout: 180_000 }, async () => {
      const { gateway, visit, seller, buyer } = await opened()
      const baseUrl = gateway.url
      const provider = await ComputeProvider.register({
        baseUrl,
        apiKey: seller,
        name: "<i>Atlas</i>",
        capabilities: { gpuMemory: 24, supportedModels: [], maxConcurrentJobs: 2 },
        pricingModel: { baseRatePerHour: 0.35 },
      })
      await provider.startOffering({ grant: { endpoint: "ssh {booking_id}@atlas" } })
      const selling = await visit("contracts", seller)
      await selling.getByLabel("Client").fill(await idOf(baseUrl, buyer))
      await selling.getByLabel("Hours", { exact: true }).fill("100")
      await selling.getByRole("button", { name: "Offer" }).click()
      await selling.getByText("Offered for 16.00 credits").waitFor()
      const buying = await visit("contracts", buyer)
      const row = buying.getByRole("row", { name: /Contract/ })
      await row.getByText("up 95%").waitFor()
      await row.getByRole("button", { name: "Accept" }).click()
      await row.getByText("accepted").waitFor()
      await buying.getByRole("button", { name: "Periods" }).click()
      await buying.getByRole("heading", { name: /period by period/ }).waitFor()
      await provider.stop()
      for (const page of [selling, buying]) await page.context().close()
      expect(complaints.splice(0)).toEqual([])
    })

    it(
      "fit a desk and a hand, are read and named, in the light and in the dark",
      { timeout: 240_000 },
      async () => {
        const { gateway, visit, seller, buyer } = await opened()
        const baseUrl = gateway.url
        const client = new ComputeClient({ baseUrl, apiKey: buyer })
        const ids: Array<string> = []
        for (const [name, region] of [
          ["Atlas H100 with a long name", "us-west"],
          ["Brook 4090", "eu-central"],
        ] as const) {
          const provider = await ComputeProvider.register({
            baseUrl,
            apiKey: seller,
            name,
            region,
            capabilities: { gpuMemory: 24, supportedModels: [], maxConcurrentJobs: 2 },
            pricingModel: { baseRatePerHour: 0.35 },
          })
          await provider.setAvailability({
            schedule: {
              timezone: "Europe/Berlin",
              availability: {
                monday: ["00:00-24:00"],
                tuesday: ["00:00-24:00"],
                wednesday: ["00:00-24:00"],
                thursday: ["00:00-24:00"],
                friday: ["00:00-24:00"],
                saturday: ["08:00-24:00"],
                sunday: ["00:00-20:00"],
              },
            },
          })
          await provider.startOffering({ grant: { endpoint: "ssh {booking_id}@gpu.example" } })
          await provider.stop()
          ids.push(provider.id)
          for (const isAccepted of [true, false]) {
            const { contractId } = await provider.createContract({
              clientId: await idOf(baseUrl, buyer),
              durationHours: 2,
              fixedRate: 0.3,
              guaranteedAvailability: 0.95,
              jobs: 1,
              memoryGib: 4,
              start: wednesdayAfterNext(),
            })
            if (isAccepted) await client.acceptContract(contractId)
          }
          for (const days of [1, 2, 4])
            await client
              .book({
                gpuId: provider.id,
                jobs: 1,
                start: new Date(Date.now() + days * 86_400_000),
                hours: 5,
              })
              .catch(() => {})
        }
        const member = new ComputeProvider({ baseUrl, apiKey: seller, gpuId: ids[0]! })
        await member.joinSwarm({
          swarmType: "load_balancing",
          dataSharing: "performance_metrics",
        })
        await member.shareMarketData({ currentDemand: "high", resourceConstraints: "gpu_memory" })
        await member.participateInPricing({
          proposedBaseRate: "0.12",
          rationale: "Increased demand for LLM inference",
        })
        const pages: ReadonlyArray<readonly [string, string | undefined]> = [
          ["hours", undefined],
          [`gpu/${ids[0]}`, buyer],
          ["bookings", buyer],
          ["contracts", buyer],
          ["contracts", seller],
          ["machines", seller],
          ["swarms", seller],
          [`earnings/${ids[0]}`, seller],
          ["admin", gateway.adminSecret],
        ]
        for (const width of [1280, 390])
          for (const colorScheme of ["light", "dark"] as const)
            for (const [hash, key] of pages) {
              const page = await visit(hash, key, { viewport: { width, height: 900 }, colorScheme })
              await page.locator("main section:not([hidden]) .panel").first().waitFor()
              await page.waitForLoadState("networkidle")
              if (hash.startsWith("earnings"))
                await page.getByRole("heading", { name: "Suggestions" }).waitFor()
              if (hash === "machines") {
                await page.getByRole("button", { name: "Change" }).first().click()
                await page.getByText("Its week").waitFor()
              }
              const where = `${hash} at ${width} px, ${colorScheme}`
              const seen = (await page.evaluate(lookAtPage)) as Look
              if (pictures !== undefined)
                await page.screenshot({
                  path: join(pictures, `${hash.replace(/\/.*/, "")}-${width}-${colorScheme}.png`),
                  fullPage: true,
                })
              expect(seen.weakTexts, where).toEqual([])
              expect(seen.unnamed, where).toEqual([])
              expect(seen.width, where).toBeLessThanOrEqual(width)
              await page.context().close()
            }
        expect(complaints.splice(0)).toEqual([])
      },
    )
  },
)
