/** A headless Chromium, where the machine has one. */
import { existsSync } from "node:fs"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { chromium } from "playwright-core"

const places = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
]

export const chromiumPath = places.find((place) => place !== undefined && existsSync(place))

export const openBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  })

/** Shows a page of a gateway, signed in with a key if one is given. */
export type Visit = (hash: string, key?: string, options?: BrowserContextOptions) => Promise<Page>

/** Every complaint of the browser, about whichever page, goes into `complaints`. */
export const visitsOf =
  (browser: () => Browser, url: () => string, complaints: Array<string>): Visit =>
  async (hash, key, options = {}) => {
    const context = await browser().newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(40_000)
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text())
    })
    page.on("pageerror", (error) => complaints.push(error.message))
    if (key !== undefined) {
      const signedIn = await context.request.post(`${url()}/session`, {
        headers: { "x-evenkeel-page": "1" },
        data: { key },
      })
      if (signedIn.status() !== 201) throw new Error(`not signed in: ${await signedIn.text()}`)
    }
    await page.goto(`${url()}/#${hash}`)
    return page
  }
