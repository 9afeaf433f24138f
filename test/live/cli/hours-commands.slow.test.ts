/** The commands of hours as a user types them, against a served market: those of the README, and what goes wrong. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { evenkeel, program } from "../../cli/evenkeel.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import { runningGateway } from "../support/gateway.ts"

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8")

const opened = async () => {
  const gateway = await runningGateway({
    economy: { preset: "aitbc", knobs: { promotion: { grantCredits: 5 } } },
    hosts: { heartbeatSeconds: 1 },
  })
  const profile = (name: string) => ({
    EVENKEEL_URL: gateway.url,
    EVENKEEL_PROFILE: join(gateway.folder, `${name}.json`),
  })
  const say = async (name: string, words: string) => {
    const ended = await evenkeel(words.split(" "), undefined, { env: profile(name) })
    return { ...ended, json: () => JSON.parse(ended.stdout) }
  }
  return { gateway, profile, say }
}

describe("the commands of hours", () => {
  it("work as the README has them", { timeout: 180_000 }, async () => {
    const block = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
      .map(([, body = ""]) => body)
      .find((body) => body.includes("marketplace gpu register"))
    const folder = temporaryFolder()
    // The package is not installed here: its program is what npx would run.
    writeFileSync(
      join(folder, "npx"),
      `#!/bin/sh\nshift\nexec ${process.execPath} ${program} "$@"\n`,
    )
    chmodSync(join(folder, "npx"), 0o755)
    const shell = spawn("bash", ["-euo", "pipefail", "-c", block ?? "false"], {
      env: {
        ...process.env,
        PATH: `${folder}:${process.env["PATH"]}`,
        EVENKEEL_LIMITS_LOOP_DELAY_MILLIS: "0",
      },
      stdio: ["ignore", "pipe", "pipe"],
    })
    let said = ""
    shell.stdout.on("data", (part: Buffer) => (said += part.toString()))
    shell.stderr.on("data", (part: Buffer) => (said += part.toString()))
    const [code] = (await once(shell, "close")) as [number]
    expect(code, said).toBe(0)
    expect(said).toContain("peak-maximizer")
    expect(said).toContain("held")
  })

  it(
    "take a provider and a buyer from the first account to what was paid",
    { timeout: 180_000 },
    async () => {
      const { gateway, profile, say } = await opened()
      const account = await say("provider", "init --json")
      expect(account.json()).toMatchObject({ url: gateway.url })
      expect(account.stdout).not.toContain("sk_live_")
      expect(statSync(profile("provider").EVENKEEL_PROFILE).mode & 0o777).toBe(0o600)
      await say("buyer", "init --json")
      const registered = await say(
        "provider",
        "marketplace gpu register --name My-GPU --memory 24 --cuda-version 12.1 --base-price 0.05 --json",
      )
      const { gpu_id: gpu } = registered.json()
      expect(registered.stdout).not.toContain("hk_live_")
      const updated = await say("provider", `gpu update --gpu-id ${gpu} --strategy fixed --json`)
      expect(updated.json()).toMatchObject({ strategy: "fixed" })
      const timetable = join(gateway.folder, "schedule.json")
      writeFileSync(
        timetable,
        JSON.stringify({
          timezone: "UTC",
          availability: [{ days: ["monday"], hours: "09:00-17:00" }],
        }),
      )
      const scheduled = await say(
        "provider",
        `gpu update --gpu-id ${gpu} --schedule ${timetable} --json`,
      )
      expect(scheduled.json().schedule_text).toContain("8 h a week")
      const unscheduled = await say("provider", `gpu update --gpu-id ${gpu} --always-open --json`)
      expect(unscheduled.json()).toMatchObject({ schedule: null, schedule_text: "Always open." })
      const serving = spawn(
        process.execPath,
        [program, "gpu", "serve", "--gpu-id", gpu, "--access", "ssh {booking_id}@gpu.example"],
        { env: { ...process.env, ...profile("provider") }, stdio: ["ignore", "pipe", "pipe"] },
      )
      const quote = await say("buyer", `book --gpu-id ${gpu} --hours 2 --quote --json`)
      expect(quote.json()).toMatchObject({ price: "0.10" })
      const booked = await say(
        "buyer",
        `book --gpu-id ${gpu} --hours 2 --max-price 1 --wait --json`,
      )
      const { booking_id: id, access, escrow } = booked.json()
      expect({ access, escrow }).toEqual({ access: `ssh ${id}@gpu.example`, escrow: "active" })
      const seen = await say("provider", `marketplace bookings --booking-id ${id} --json`)
      expect(seen.json()).toMatchObject({ escrow: "active", access: null, side: "provider" })
      expect((await say("buyer", `end --booking-id ${id} --json`)).json().escrow).toBe("released")
      const earnings = await say("provider", `earnings --gpu-id ${gpu} --by client --json`)
      expect(Number(earnings.json().total)).toBeGreaterThan(0)
      serving.kill("SIGTERM")
      const [code] = (await once(serving, "exit")) as [number]
      expect(code).toBe(0)
      expect((await say("provider", `gpu remove --gpu-id ${gpu} --json`)).json().removed).toBe(true)
      expect((await say("provider", "marketplace gpu list --mine --json")).json().data).toEqual([])
    },
  )

  it("say what is wrong, and what to do", { timeout: 120_000 }, async () => {
    const { say } = await opened()
    const nobody = await say("nobody", "bookings")
    expect(nobody.code).toBe(1)
    expect(nobody.stderr).toContain("evenkeel init")
    await say("provider", "init")
    const again = await say("provider", "init")
    expect(again.stderr).toContain("--new")
    const wrong = await say("provider", "gpu update --gpu-id host_x --strategy market-balanse")
    expect(wrong.stderr).toContain("did you mean market-balance?")
    const region = await say("provider", "gpu list --region atlantis")
    expect(region.stderr).toContain("must be one of this market's: default, us-west")
  })
})
