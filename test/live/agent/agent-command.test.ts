/** `evenkeel agent`: how its words are read, and how it begins and ends. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { agentCommand } from "../../../live/agent/agent-command.ts"
import { group, listed } from "../../../platform/terminal/command.ts"
import { runCommand } from "../../support/run-command.ts"
import { evenkeel, program, stackLine } from "../../cli/evenkeel.ts"
import { until } from "./support/eventually.ts"
import type { ScriptedGateway } from "./support/scripted-gateway.ts"
import { scriptedGateway } from "./support/scripted-gateway.ts"

const folder = mkdtempSync(join(tmpdir(), "evenkeel-command-"))
afterAll(() => rmSync(folder, { recursive: true }))
let gateway: ScriptedGateway
beforeEach(async () => {
  gateway = await scriptedGateway()
  vi.stubEnv("XDG_STATE_HOME", folder)
  vi.stubEnv("EVENKEEL_KEY", "")
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await gateway.close()
})

const root = group([listed("agent", "", async () => agentCommand)])

/** The command in this process: what it prints, or the message that it fails with. */
const agent = async (text: string): Promise<string> => {
  const words = ["agent", ...text.split(" ").filter((word) => word !== "")]
  const printed = vi.spyOn(console, "log").mockImplementation(() => {})
  const outcome = await runCommand(root, words).pipe(
    Effect.either,
    Effect.provide(NodeContext.layer),
    Effect.runPromise,
  )
  const lines = printed.mock.calls.map(([line]) => String(line))
  printed.mockRestore()
  return Either.match(outcome, {
    onLeft: (error) => (error instanceof Error ? error.message : String(error)),
    onRight: () => lines.join("\n"),
  })
}

describe("evenkeel agent", () => {
  test("--dry-run prints what would be registered, and asks nobody", async () => {
    const words = "--url http://127.0.0.1:9 --backend simulated --model m=own --name rig --gpu X"
    const printed = await agent(`${words} --simulated-rate 50 --slots 3 --dry-run --json`)
    expect(JSON.parse(printed)).toMatchObject({
      registration: {
        name: "rig",
        gpu: "X",
        backend: "simulated, no GPU: 50 tokens/s in each of 3 streams",
        models: [{ model: "m", upstream_model: "own", slots: 3, tokens_per_second: 150 }],
      },
    })
    expect(await agent(`${words} --dry-run`)).toMatch(
      /model +at the backend +slots +tokens\/s\nm +own +4 +160/,
    )
    expect(existsSync(join(folder, "evenkeel"))).toBe(false)
  })

  test.each([
    ["", "--url: must be given"],
    ["--url market", "gateway market: expected an http or https address"],
    ["--url http://h --backend magic", "--backend magic: expected one of huggingface, openai"],
    ["--url http://h --backend openai", "needs the address of its server: --endpoint"],
    ["--url http://h --backend worker --endpoint http://h", "name them (--model NAME"],
    ["--url http://h --slots 0", "--slots 0: expected a whole number, 1 to 1024"],
    ["--url http://h --simulated-fail 2", "--simulated-fail 2: expected a plain decimal, 0 to 1"],
    ["--url http://h --model =x", "--model =x: expected the market's name of a model"],
    ["--url http://h --backend openai --endpoint http://127.0.0.1:9", "nothing listens there"],
    ["--url http://h --transformers /none/transformers --model m", "Install it with: pip install"],
  ])("%s: %s", async (words, message) => {
    expect(await agent(words)).toContain(message)
  })

  test("serves until SIGTERM, drains, and ends well; its key is in a file of its own", async () => {
    const state = join(folder, "host.json")
    const words = `--url ${gateway.url} --backend simulated --model m --state ${state} --json`
    const child = spawn(
      process.execPath,
      [program, "agent", ...words.split(" "), "--simulated-rate", "20", "--drain-seconds", "20"],
      { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, EVENKEEL_KEY: "sk_live_a" } },
    )
    let stdout = ""
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString()
    })
    const closed = once(child, "close")
    await until(() => gateway.openPolls() > 0, 20_000)
    const job = gateway.give({ model: "m", messages: [], max_tokens: 12, stream: true })
    await until(() => (gateway.uploads.get(job)?.chunks.length ?? 0) > 1)
    child.kill("SIGTERM")
    const [code] = (await closed) as [number | null]
    expect(code).toBe(0)
    expect(gateway.ends.get("job_1")).toMatchObject({
      how: "complete",
      body: { usage: { completion_tokens: 12 } },
    })
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly type: string }).type)
    expect(events).toEqual([
      "registered",
      "serving",
      "jobStarted",
      "draining",
      "jobEnded",
      "stopped",
    ])
    expect(stdout).not.toContain("hk_live")
    expect(statSync(state).mode & 0o777).toBe(0o600)
    expect(gateway.keys).toEqual(["Bearer sk_live_a"])
  })

  test("a refusal is a message and a failure", async () => {
    gateway.refuse(/^\/hosts$/, 401)
    const state = join(folder, "refused.json")
    const words = `--url ${gateway.url} --backend simulated --model m --state ${state}`
    const { code, stdout, stderr } = await evenkeel(["agent", ...words.split(" ")], () => {}, {
      env: { EVENKEEL_KEY: "" },
    })
    expect([code, stdout]).toEqual([1, ""])
    expect(stderr).toContain("give it with --key, EVENKEEL_KEY or")
    expect(stderr).not.toMatch(stackLine)
  })
})
