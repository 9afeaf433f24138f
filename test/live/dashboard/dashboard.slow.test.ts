/**
 * The pages in a real browser: what they show, what a reader can do, and that nothing of it needs
 * more than the page's policy allows.
 */
import type { Browser, Page } from "playwright-core"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { pagePolicy } from "../../../live/dashboard/dashboard-routes.ts"
import { hashOf } from "../../../live/http/secrets.ts"
import { version } from "../../../platform/package.ts"
import { chromiumPath, openBrowser, visitsOf } from "./browser.ts"
import type { Scene } from "./scene.ts"
import { openScene } from "./scene.ts"

const folder = mkdtempSync(join(tmpdir(), "evenkeel-dashboard-"))
const lookAtPage = readFileSync(new URL("./look-at-page.js", import.meta.url), "utf8")
let scene: Scene

beforeAll(async () => {
  scene = await openScene(folder)
  scene.serve(20)
  // A machine that is busy with starting up sheds what comes first.
  await vi.waitUntil(async () => (await fetch(`${scene.url}/healthz`)).ok, {
    timeout: 60_000,
    interval: 200,
  })
})
afterAll(async () => {
  await scene.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command beside the gateway, which is in this process and has to answer it. */
const runBeside = async (command: string, cwd: string) => {
  const child = spawn("bash", ["-c", command], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd },
    timeout: 60_000,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ])
  return { stdout, stderr, code: code as number | null }
}

describe("the files", () => {
  it("come with a policy that allows no script in the page, and with nothing secret", async () => {
    for (const path of ["/", "/dashboard/app.js", "/dashboard/style.css", "/dashboard/icon.svg"]) {
      const answer = await fetch(scene.url + path)
      expect(answer.status, path).toBe(200)
      expect(answer.headers.get("content-security-policy"), path).toBe(pagePolicy)
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff")
    }
    const page = await (await fetch(scene.url)).text()
    expect(page).not.toMatch(/<script(?![^>]* src=)|\son\w+=|style="/)
  })

  it("have the host's agent among them, as the gateway says it is", async () => {
    const said = (await (await fetch(`${scene.url}/agent`)).json()) as {
      readonly version: string
      readonly file: string
      readonly bytes: number
      readonly sha256: string
    }
    expect(said).toMatchObject({ version, file: "evenkeel-agent.mjs" })
    const answer = await fetch(`${scene.url}/agent/${said.file}`)
    const content = Buffer.from(await answer.arrayBuffer())
    expect(content.length).toBe(said.bytes)
    expect(createHash("sha256").update(content).digest("hex")).toBe(said.sha256)
    const etag = answer.headers.get("etag") ?? ""
    const again = await fetch(`${scene.url}/agent/${said.file}`, {
      headers: { "if-none-match": etag },
    })
    expect(again.status).toBe(304)
  })

  it("are these and no others", async () => {
    for (const path of ["/dashboard/..%2fdashboard-routes.ts", "/dashboard/", "/dashboard/none.js"])
      expect([403, 404], path).toContain((await fetch(scene.url + path)).status)
    for (const library of ["vega.min.js", "vega-lite.min.js", "vega-embed.min.js"]) {
      const answer = await fetch(`${scene.url}/dashboard/lib/${library}`)
      expect(answer.headers.get("content-type")).toMatch(/javascript/)
      await answer.arrayBuffer()
    }
  })
})

describe.skipIf(chromiumPath === undefined)(
  `the pages${chromiumPath === undefined ? " (skipped: no Chromium here; set CHROMIUM_PATH)" : ""}`,
  () => {
    let browser: Browser
    const complaints: Array<string> = []

    beforeAll(async () => {
      browser = await openBrowser(chromiumPath!)
    })
    afterAll(async () => {
      await browser.close()
    })

    const visit = visitsOf(
      () => browser,
      () => scene.url,
      complaints,
    )
    const leave = async (page: Page): Promise<void> => {
      await page.context().close()
      expect(complaints.splice(0)).toEqual([])
    }

    it("show the market, and follow it", async () => {
      const page = await visit("")
      await page.getByText("Live", { exact: true }).waitFor()
      const row = page.getByRole("row", { name: /Llama-3.1-8B/ })
      expect(await row.innerText()).toMatch(/60\.00[\s\S]*30\.00 of the prompt/)
      expect(await page.getByText("Hosts online").first().locator("..").innerText()).toMatch(
        /6\s+of 7/,
      )
      scene.serve(7)
      await page.getByText("No call was refused in the last minute.").waitFor()
      scene.refuse()
      const refusals = page.getByRole("region", { name: /Calls refused/ })
      expect(await refusals.getByRole("row", { name: /NoInstance/ }).innerText()).toMatch(
        /no host serves the model now\s+1\s+\d+%/,
      )
      scene.park("dune-m3-ultra")
      await row.getByText("1 parked").waitFor()
      await page
        .getByRole("log")
        .getByText(/dune-m3-ultra is parked/)
        .waitFor()
      await page
        .getByRole("row", { name: /dune-m3-ultra/ })
        .getByText("parked")
        .waitFor()
      // No hours are sold here.
      expect(await page.locator("nav a:visible").allInnerTexts()).not.toContain("Hours")
      await leave(page)
    })

    it("draw the market's past, of any range and model, and give it as a table", async () => {
      await scene.remember()
      const page = await visit("")
      const tokens = page.getByRole("img", { name: /^Tokens a second, the last day/ })
      await tokens.waitFor()
      expect(await tokens.getAttribute("aria-label")).toMatch(/[\d,]+ of supply/)
      await expect.poll(() => tokens.locator(".mark-line path").count()).toBe(3)
      await page.getByLabel("Of", { exact: true }).selectOption("Qwen/Qwen3-32B")
      await page
        .getByRole("img", { name: /^Bounty multiplier, the last day; latest: ×[12]\.\d\d/ })
        .waitFor()
      await page.getByRole("button", { name: "Hour", exact: true }).click()
      await page
        .getByRole("img", { name: /^Price of a million tokens.*the last hour.*240/ })
        .waitFor()
      await page.getByText("The charts as a table").click()
      const rows = page
        .getByRole("region", { name: /The market over the last hour/ })
        .locator("tbody tr")
      expect(await rows.count()).toBeGreaterThan(20)
      await leave(page)
    })

    it("open an account, show its key and its way back once, and lose neither by a reload", async () => {
      const page = await visit("account")
      await page.getByLabel("What shall the account be called?").fill("<b>Eve</b>")
      await page.getByRole("button", { name: "Open an account" }).click()
      const secrets = page.locator(".secret code")
      await expect.poll(() => secrets.count()).toBe(2)
      const [key, code] = await secrets.allInnerTexts()
      expect(key).toMatch(/^sk_live_[\w-]{43}$/)
      expect(code).toMatch(/^rc_live_[\w-]{43}$/)
      // What somebody called themselves is text, never markup.
      expect(await page.locator("h2 b").count()).toBe(0)
      await page.reload()
      await page.getByText("<b>Eve</b>").waitFor()
      await page.getByText("Gift for signing up").waitFor()
      expect(await page.locator(".total").innerText()).toMatch(/^5\.00/)
      // No script of the page has it, nor the session's own secret.
      expect(await page.content()).not.toContain(key)
      const kept = "[localStorage.length, sessionStorage.length, document.cookie]"
      expect(await page.evaluate(kept)).toEqual([0, 0, ""])
      const other = await page.context().newPage()
      await other.goto(`${scene.url}/#account`)
      await other.getByText("<b>Eve</b>").waitFor()
      await page.getByRole("button", { name: "Sign out" }).click()
      await page.getByLabel("Key of your account").waitFor()
      // The other tab notices when it next asks.
      await other.getByLabel("Key of your account").waitFor()
      expect(complaints.splice(0).every((text) => text.includes("401"))).toBe(true)
      await page.getByLabel("Recovery code").fill(code!)
      await page.getByRole("button", { name: "Recover my account" }).click()
      await page.getByText("Welcome back, <b>Eve</b>").waitFor()
      await page.getByRole("button", { name: /I have kept them/ }).click()
      const keys = page.getByRole("region", { name: "Keys" })
      expect(await keys.getByRole("row", { name: /first key/ }).innerText()).toContain("revoked")
      await leave(page)
    })

    it("take a key, and say in plain words where it is none", async () => {
      const page = await visit("account")
      const field = page.getByLabel("Key of your account")
      await field.fill("sk_live_nonsense")
      await page.getByRole("button", { name: "Sign in" }).click()
      await page.getByRole("alert").filter({ hasText: "This key is not known here" }).waitFor()
      // The browser itself notes the refusal.
      expect(complaints.splice(0)).toEqual([expect.stringContaining("401")])
      await field.fill(scene.adminKey)
      await page.keyboard.press("Enter")
      await page.getByRole("alert").filter({ hasText: "signs in on the page “Admin”" }).waitFor()
      await field.fill(scene.consumer)
      await page.keyboard.press("Enter")
      await page.getByText("Ada’s agents").waitFor()
      const lines = page.getByRole("region", { name: "Statement" }).locator("tbody tr")
      await page.getByRole("button", { name: "Older lines" }).click()
      await expect.poll(() => lines.count()).toBe(40)
      await leave(page)
    })

    it("leave what is below a statement within a phone's reach", async () => {
      const page = await visit("account", scene.consumer, { viewport: { width: 390, height: 844 } })
      const lines = page.getByRole("region", { name: "Statement" }).locator("tbody tr")
      await expect.poll(() => lines.count()).toBe(8)
      const line = await lines.first().boundingBox()
      expect(line!.height).toBeLessThan(130)
      expect(await lines.first().innerText()).toMatch(/Call \d+[\s\S]*−\d+\.\d+/)
      await page.getByRole("button", { name: "Older lines" }).click()
      await expect.poll(() => lines.count()).toBe(16)
      await leave(page)
    })

    it("come where a route is typed into the address bar, which programs still read as JSON", async () => {
      const page = await visit("")
      for (const [path, title] of [
        ["/account", "My account · Evenkeel"],
        ["/hosts", "Hosts · Evenkeel"],
        ["/account/usage?days=7", "Usage · Evenkeel"],
        ["/market/history", "Market · Evenkeel"],
      ] as const) {
        await page.goto(scene.url + path)
        await expect.poll(() => page.title()).toBe(title)
        expect(new URL(page.url()).pathname).toBe("/")
      }
      const asProgram = await fetch(`${scene.url}/hosts`)
      expect(asProgram.headers.get("content-type")).toContain("application/json")
      await leave(page)
    })

    it("make, limit, rotate and revoke keys", async () => {
      const page = await visit("account", scene.consumer)
      await page.getByLabel("What is the new key for?").fill("bot")
      await page.getByLabel("Spending limit").fill("1.50")
      await page.getByRole("button", { name: "Make a key" }).click()
      await page.getByText("The new key “bot”").waitFor()
      const bot = page.getByRole("region", { name: "Keys" }).getByRole("row", { name: /^bot/ })
      expect(await bot.innerText()).toMatch(/never[\s\S]*1\.50[\s\S]*0\.00 spent/)
      await page.getByRole("button", { name: "Change bot" }).click()
      const change = page.locator("form").filter({ hasText: "Change “bot”" })
      await change.getByLabel("Spending limit").fill("")
      await change.getByLabel("It ends").selectOption("in 30 days")
      await change.getByRole("button", { name: "Save" }).click()
      await bot.getByText(/until/).waitFor()
      expect(await bot.innerText()).toContain("none")
      await page.getByLabel("What is the new key for?").fill("laptop")
      await page.getByRole("button", { name: "Make a key" }).click()
      await page.getByText("The new key “laptop”").waitFor()
      await page.getByRole("button", { name: "Rotate laptop" }).click()
      await page.getByText(/in the place of “laptop”/).waitFor()
      page.on("dialog", (dialog) => void dialog.accept())
      const keys = page.getByRole("region", { name: "Keys" })
      await expect.poll(() => keys.getByRole("button", { name: "Revoke laptop" }).count()).toBe(2)
      await keys.getByRole("button", { name: "Revoke laptop" }).last().click()
      await keys.getByText("revoked").waitFor()
      await leave(page)
    })

    it("refuse a withdrawal in the gateway's own words", async () => {
      const page = await visit("account", scene.consumer)
      await page.getByLabel("Credits to withdraw").fill("10")
      await page.getByRole("button", { name: "Withdraw" }).click()
      await page.getByText(/Only earned credits/).waitFor()
      expect(complaints.splice(0)).toEqual([expect.stringContaining("402")])
      await leave(page)
    })

    it("show one's own hosts, no others, with charts of what they earned", async () => {
      const page = await visit("hosts", scene.operator)
      const hosts = page.locator("#hosts").getByRole("region", { name: "My hosts" })
      await hosts.getByText("atlas-h100").waitFor()
      expect(await hosts.innerText()).not.toContain("dune-m3-ultra")
      await page.getByRole("img", { name: /Credits earned by hour/ }).waitFor()
      const bars = page.getByRole("img", { name: /by each host/ }).locator(".mark-rect path")
      await expect.poll(() => bars.count()).toBe(3)
      // The consumer still spends the gift of its sign-up: that is pay, too, and said to be a gift.
      const parts = page.getByRole("region", { name: "How pay came about" })
      const gifts = await parts.getByRole("row", { name: /Paid in gifts/ }).innerText()
      expect(gifts).toMatch(/[1-9][\d.]*$/)
      expect(await page.locator("#hosts").innerText()).not.toContain("Nothing yet")
      await page.getByText(/What a gift paid stays a gift/).waitFor()
      await page.getByText(/an estimate needs three whole days/).waitFor()
      await leave(page)
    })

    it("list every host, and show one by its address", async () => {
      const page = await visit("fleet")
      const hosts = page.getByRole("region", { name: "Hosts of the market" })
      await expect.poll(() => hosts.locator("tbody tr").count()).toBe(7)
      await page.getByRole("button", { name: "In trouble" }).click()
      await expect.poll(() => hosts.locator("tbody tr").count()).toBeLessThan(3)
      expect(await hosts.innerText()).toContain("fjord-3090")
      await page.getByRole("button", { name: "All", exact: true }).click()
      await expect.poll(() => hosts.locator("tbody tr").count()).toBe(7)
      expect(await hosts.getByRole("row", { name: /fjord-3090/ }).innerText()).toContain("offline")
      await hosts.getByRole("link", { name: "cedar-a6000" }).click()
      await page.getByRole("heading", { level: 1, name: "cedar-a6000" }).waitFor()
      const models = page.getByRole("region", { name: "Models of the host" })
      expect(await models.innerText()).toMatch(
        /Qwen\/Qwen3-32B[\s\S]*0 of 8[\s\S]*310[\s\S]*240\.00/,
      )
      await page.reload()
      await page.getByRole("heading", { level: 1, name: "cedar-a6000" }).waitFor()
      await page.getByRole("link", { name: "All hosts" }).click()
      await hosts.getByText("dune-m3-ultra").waitFor()
      await leave(page)
    })

    it("explain what calls cost, find one of them, and give it all as a file", async () => {
      const call = scene.charge()
      const page = await visit("usage", scene.consumer)
      const byKey = page.getByRole("region", { name: "Usage by key" })
      await byKey.getByRole("row", { name: /first key/ }).waitFor()
      await page.getByRole("img", { name: /Credits charged a day/ }).waitFor()
      await page.getByLabel("Find a call").fill(call)
      await page.getByRole("button", { name: "Find", exact: true }).click()
      const found = page.getByRole("region", { name: "The call that was found" })
      expect(await found.getByRole("row", { name: new RegExp(call) }).innerText()).toMatch(
        /served by atlas-h100[\s\S]*400 \+ 300[\s\S]*at 0\.10 and 0\.40 a million[\s\S]*0\.00016/,
      )
      const saved = page.waitForEvent("download")
      await page.getByRole("button", { name: "Download as CSV" }).click()
      const csv = readFileSync(await (await saved).path(), "utf8")
      expect(csv).toMatch(/^day,model,key_id,key,[\s\S]*meta-llama\/Llama-3\.1-8B-Instruct,key_/)
      await leave(page)
    })

    it("let an admin top up, once however often it is sent, and say who did it", async () => {
      const page = await visit("admin", scene.adminKey)
      const questions: Array<string> = []
      page.on("dialog", (dialog) => {
        questions.push(dialog.message())
        void (questions.length === 1 ? dialog.dismiss() : dialog.accept())
      })
      const owner = scene.services.directory.keyByHash(hashOf(scene.consumer))!.account!
      const account = scene.services.directory.accounts.get(owner)!.publicId
      const spendable = async () =>
        (
          (await (
            await fetch(`${scene.url}/account`, {
              headers: { authorization: `Bearer ${scene.consumer}` },
            })
          ).json()) as { readonly balance: { readonly spendable: string } }
        ).balance.spendable
      const before = Number(await spendable())
      const topUp = async () => {
        await page.getByLabel("Account", { exact: true }).fill(account)
        await page.getByLabel("Credits to add").fill("12.5")
        await page.getByRole("button", { name: "Top up …" }).click()
      }
      // Declined in the question: nothing is sent.
      await topUp()
      await expect.poll(() => questions.length).toBe(1)
      expect(questions[0]).toMatch(/Add 12\.5 credits to “Ada’s agents” \(acct_[^)]+\)\?/)
      expect(Number(await spendable())).toBe(before)
      // The order arrives and its answer is lost: sent again, it is the same transfer.
      let sent = 0
      await page.route("**/top-up", async (route) => {
        sent += 1
        if (sent > 1) return route.continue()
        await route.fetch()
        await route.abort()
      })
      await topUp()
      await page.getByText("The gateway cannot be reached.").waitFor()
      await topUp()
      await page
        .locator(".done", { hasText: "12.50 credits were added to “Ada’s agents”" })
        .waitFor()
      expect(sent).toBe(2)
      expect(Number(await spendable())).toBeCloseTo(before + 12.5, 6)
      // A further order of the same size is another transfer.
      await topUp()
      await expect.poll(spendable).toBe(String((before + 25).toFixed(6)).replace(/0+$/, ""))
      const audit = page.getByRole("region", { name: "Audit log" })
      await expect.poll(() => audit.getByRole("row", { name: /topped up/ }).count()).toBe(2)
      expect(await audit.innerText()).toMatch(/key_[\w-]+/)
      complaints.splice(0)
      await leave(page)
    })

    it("let an admin settle withdrawals and set prices, each after a question", async () => {
      const { directory } = scene.services
      const page = await visit("")
      const { request } = page.context()
      await request.post(`${scene.url}/session`, {
        headers: { "x-evenkeel-page": "1" },
        data: { key: scene.adminKey },
      })
      const settled: Array<string> = []
      const withdrawal = {
        id: "tr_1",
        transfer_id: "mine",
        kind: "withdrawal",
        amount: "40.00",
        account_id: "acct_1",
        memo: null,
        created_at: 1_800_000_000,
        settled_at: null,
      }
      await page.route("**/admin/withdrawals**", async (route) => {
        if (route.request().method() === "POST") {
          settled.push(new URL(route.request().url()).pathname)
          return route.fulfill({ json: { ...withdrawal, state: "posted" } })
        }
        const data = settled.length === 0 ? [{ ...withdrawal, state: "pending" }] : []
        return route.fulfill({ json: { data } })
      })
      const questions: Array<string> = []
      page.on("dialog", (dialog) => {
        questions.push(dialog.message())
        void dialog.accept()
      })
      await page.goto(`${scene.url}/#admin`)
      await page.getByRole("button", { name: "Paid out … tr_1" }).click()
      await page.getByText("No withdrawal is waiting", { exact: false }).waitFor()
      expect(settled).toEqual(["/admin/withdrawals/tr_1/post"])
      expect(questions[0]).toMatch(/Have 40\.00 credits been paid to acct_1/)
      await page.getByRole("button", { name: "Change the price of Qwen/Qwen3-32B" }).click()
      await page.getByLabel("A million tokens of answers, credits").fill("1.35")
      await page.getByRole("button", { name: "Set the price …" }).click()
      await page.locator(".done", { hasText: "“Qwen/Qwen3-32B” costs 1.35 for answers" }).waitFor()
      expect(directory.modelByName("Qwen/Qwen3-32B")).toMatchObject({
        outputPricePerMtok: 1_350_000,
        inputPricePerMtok: 80_000_000,
        contextTokens: 32_768,
      })
      await leave(page)
    })

    it("give the very command that registers a host", async () => {
      const page = await visit("register", scene.operator)
      const command = page.getByLabel("The command", { exact: true })
      await page.getByLabel(/Qwen3-32B/).check()
      await page.getByLabel("What shall the host be called?").fill("it's mine; $(reboot)")
      const agent = (await (await fetch(`${scene.url}/agent`)).json()) as {
        readonly sha256: string
      }
      const line = async () => (await command.innerText()).replaceAll(/\s*\\\n\s*/g, " ")
      const fetching =
        `curl -fsSo evenkeel-agent.mjs ${scene.url}/agent/evenkeel-agent.mjs && ` +
        `echo "${agent.sha256}  evenkeel-agent.mjs" | sha256sum -c - && `
      const rest =
        `node evenkeel-agent.mjs --url ${scene.url} --backend openai ` +
        "--endpoint http://127.0.0.1:8000/v1 --model Qwen/Qwen3-32B --name 'it'\\''s mine; $(reboot)'"
      expect(await line()).toBe(`${fetching}EVENKEEL_KEY=sk_live_YOUR_KEY ${rest}`)
      await page.getByRole("button", { name: /Make a key/ }).click()
      await page.getByText(/The command holds a new key/).waitFor()
      const made = (await line()).replace(` ${rest}`, "").replace(`${fetching}EVENKEEL_KEY=`, "")
      expect(made).toMatch(/^sk_live_[\w-]{43}$/)
      expect(scene.services.directory.keyByHash(hashOf(made))).toMatchObject({
        role: "account",
        name: "host it's mine; $(reboot)",
      })
      await page.getByLabel("What runs the models?").selectOption("huggingface")
      expect(await command.innerText()).not.toContain("--endpoint")
      await leave(page)
    })

    it("give a command that runs as it stands: the gateway's own agent, checked", async () => {
      const page = await visit("register", scene.operator)
      await page.getByLabel("What runs the models?").selectOption("simulated")
      await page.getByLabel(/Llama-3.1-8B/).check()
      await page.getByRole("button", { name: /Make a key/ }).click()
      await page.getByText(/The command holds a new key/).waitFor()
      const command = await page.getByLabel("The command", { exact: true }).innerText()
      await leave(page)
      const cwd = mkdtempSync(join(folder, "host-"))
      const dry = await runBeside(`${command} --dry-run`, cwd)
      expect(dry.stderr).toBe("")
      expect(dry.stdout).toMatch(/evenkeel-agent\.mjs: OK[\s\S]*Llama-3\.1-8B/)
      // Another file than the page knew is not run.
      const other = await runBeside(`${command.replace(/echo "./, 'echo "x')} --dry-run`, cwd)
      expect(other.code).not.toBe(0)
      expect(other.stdout).not.toContain("Llama")
    })

    it("work by keyboard alone", async () => {
      const page = await visit("")
      await page.keyboard.press("Tab")
      expect(await page.evaluate("document.activeElement?.textContent")).toContain("Skip")
      // Market, hosts, and then the account: this market sells no hours.
      for (let link = 0; link < 3; link++) await page.keyboard.press("Tab")
      await page.keyboard.press("Enter")
      await page.getByRole("heading", { level: 1, name: "My account" }).waitFor()
      expect(await page.title()).toBe("My account · Evenkeel")
      expect(await page.evaluate("document.activeElement?.id")).toBe("title-account")
      await leave(page)
    })

    it.each(["light", "dark"] as const)(
      "can be read in %s, on a phone as well",
      async (colorScheme) => {
        const page = await visit("", scene.operator, {
          colorScheme,
          viewport: { width: 360, height: 740 },
          reducedMotion: "reduce",
        })
        for (const [hash, sign] of [
          ["market", "Bounty pool"],
          ["account", "Statement"],
          ["fleet", "dune-m3-ultra"],
          ["usage", "Find a call"],
          ["hosts", "Earned in the last 7 days"],
          ["register", "Paste this on the host"],
          ["admin", "Admin key"],
        ] as const) {
          await page.evaluate(`location.hash = "${hash}"`)
          await page.getByText(sign, { exact: true }).first().waitFor()
          expect(await page.evaluate(lookAtPage), hash).toEqual({
            weakTexts: [],
            unnamed: [],
            width: 360,
            moving: 0,
          })
        }
        await leave(page)
      },
    )

    it("show the API's own page", async () => {
      const page = await visit("")
      await page.goto(`${scene.url}/docs/`)
      await page.getByText("/account/statement").first().waitFor()
      expect(await page.title()).toBe("Evenkeel API")
      await leave(page)
    })
  },
)
