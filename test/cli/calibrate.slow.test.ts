import { existsSync } from "node:fs"
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import type { ProfileFit } from "../../sim/calibration/fit-profile.ts"
import { listening, startFakeServer } from "../sim/calibration/fake-server.ts"
import type { Speed } from "../sim/calibration/fake-server.ts"
import { evenkeel } from "./evenkeel.ts"
import { evenkeelHere } from "./program.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-calibrate-"))
})
afterAll(() => rm(folder, { recursive: true }))
const closers: Array<() => Promise<void>> = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

const speed: Speed = {
  stepMillis: 8,
  streamMillis: 1.5,
  contextMillisPerToken: 0.006,
  prefillMillisPerToken: 0.25,
  overheadMillis: 20,
  slots: 4,
}
const start = async (one = speed) => {
  const server = await startFakeServer(one)
  closers.push(server.close)
  return server
}
const brief = ["--prompt-tokens", "400", "--output-tokens", "32", "--repeats", "2"]
const secret = "sk-hush-hush-1234567890"
const calibrate = (words: ReadonlyArray<string>, during?: Parameters<typeof evenkeel>[1]) =>
  evenkeel(["calibrate", ...words], during, { cwd: folder, env: { THE_KEY: secret } })

describe("evenkeel calibrate", () => {
  const patience = { timeout: 300_000 }
  it(
    "finds the speed of a server, and writes a profile that a scenario runs with",
    patience,
    async () => {
      const server = await start()
      const words = [
        "--endpoint",
        server.endpoint,
        "--model",
        "vendor/Llama-3-8B",
        "--as",
        "llama-3-8b",
      ]
      const rest = ["--device", "RTX 4090", "--key-env", "THE_KEY", "--out", "mine.yaml", "--json"]
      const { code, stdout, stderr } = await calibrate([...words, ...brief, ...rest])
      expect(stderr).toContain("24 of 24 rounds")
      expect(code).toBe(0)
      const document = JSON.parse(stdout)
      const fit = document.fit as ProfileFit
      // The server's timers and this machine's other work add a little; the intervals know of the
      // measured noise alone. So: within three half-widths, or 6% and, of the first token, 8 ms.
      const isNear = (name: keyof typeof truths, slack: number) => {
        const { value, low, high } = fit[name]
        expect(low).toBeLessThanOrEqual(value)
        expect(high).toBeGreaterThanOrEqual(value)
        const off = Math.abs(value - truths[name])
        expect(off, `${name}: ${value}`).toBeLessThan(Math.max(3 * (high - value), slack))
      }
      const truths = {
        stepMicros: 8000,
        streamMicros: 1500,
        contextMicrosPerToken: 6,
        prefillMicrosPerToken: 250,
        overheadMicros: 20_000,
      }
      isNear("stepMicros", 480)
      isNear("streamMicros", 90)
      isNear("contextMicrosPerToken", 0.36)
      isNear("prefillMicrosPerToken", 15)
      isNear("overheadMicros", 8000)
      expect(fit.slots).toBe(4)
      expect(fit.decodeResiduals.mean).toBeLessThan(0.1)
      expect(
        fit.rungs.map(({ concurrency, streamsAtOnce }) => [concurrency, streamsAtOnce]),
      ).toEqual([
        [1, 1],
        [2, 2],
        [4, 4],
        [8, 4],
      ])

      // The key went to the server, and nowhere else.
      expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(
        new Set([`Bearer ${secret}`]),
      )
      const file = await readFile(join(folder, "mine.yaml"), "utf8")
      for (const text of [stdout, stderr, file]) expect(text).not.toContain(secret)
      expect(file).toContain("--key-env THE_KEY")
      expect(parse(file)).toEqual(document.profile)
      expect(document.profile).toMatchObject({
        name: "RTX 4090 (measured)",
        watts: { low: 450, high: 450 },
        models: [{ name: "llama-3-8b", quantisation: "q4", slots: 4 }],
      })
      expect((await readdir(folder)).filter((name) => name.startsWith(".evenkeel-"))).toEqual([])

      await writeFile(
        join(folder, "market.yaml"),
        "name: market\nfleet: { nodes: 5, profiles: [mine.yaml], devices: [{ device: RTX 4090 (measured), weight: 1 }] }\n",
      )
      const market = join(folder, "market.yaml")
      const out = join(folder, "out")
      const run = await evenkeelHere([
        "run",
        market,
        "--replications=1",
        "--workers=1",
        "--set=horizonDays=0.02",
        "--set=demand.requestsPerSecond=0.1",
        "--out",
        out,
      ])
      expect([run.code, run.stderr]).toEqual([0, expect.any(String)])
      const other = await evenkeelHere(
        [
          ["compare", market, "--replications", "6", "--out", join(folder, "compared"), "--json"],
          ["--workers=1", "--both", "horizonDays=0.02", "--both", "demand.requestsPerSecond=0.1"],
          ["--set", "fleet.profiles.0.models.0.stepMicros=80000"],
        ].flat(),
      )
      expect([other.code, other.stderr]).toEqual([0, expect.any(String)])
      // Ten times the step: the market must notice.
      const { metrics } = JSON.parse(other.stdout)
      expect(metrics["utilisation.all"].relative).toBeGreaterThan(1)
    },
  )

  it("shows tables and the profile where it keeps nothing, of a server with one slot too", async () => {
    const { endpoint } = await start({ ...speed, slots: 1, stepMillis: 3 })
    const { code, stdout, stderr } = await calibrate(
      [
        ["--endpoint", endpoint, "--model", "llama-3-8b", "--concurrency", "1,2"],
        ["--prompt-tokens", "200", "--output-tokens", "16", "--repeats", "2"],
      ].flat(),
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining("12 of 12 rounds")])
    expect(stdout).toContain("prefillMicrosPerToken")
    expect(stdout).toContain("name: measured device")
    expect(stdout).toMatch(/^slots +1 /m)
    expect(stdout).toMatch(/^streamMicros +0 /m)
  })

  it("ends the ladder where the server says that it is enough", async () => {
    const fake = await start({ ...speed, stepMillis: 2 })
    let open = 0
    const front = createServer((request, response) => {
      open++
      response.on("close", () => open--)
      if (open > 2) {
        response.writeHead(429).end("too many")
        return
      }
      void (async () => {
        const answer = await fetch(fake.endpoint.replace("/v1", request.url ?? ""), {
          method: "POST",
          body: request,
          duplex: "half",
        } as RequestInit & { readonly duplex: "half" })
        response.writeHead(answer.status)
        for await (const part of answer.body!) response.write(part)
        response.end()
      })()
    })
    const { endpoint, close } = await listening(front)
    closers.push(close)
    const { code, stdout, stderr } = await calibrate(
      [
        ["--endpoint", endpoint, "--model", "llama-3-8b", "--json"],
        ["--prompt-tokens", "200", "--output-tokens", "16", "--repeats", "2"],
      ].flat(),
    )
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("The ladder ended early. 4 streams"),
    ])
    expect(JSON.parse(stdout)).toMatchObject({ rounds: 12, fit: { slots: 2 } })
  })

  it("leaves nothing behind where it is stopped, or the server fails in the middle", async () => {
    const { endpoint } = await start()
    const words = ["--endpoint", endpoint, "--model", "llama-3-8b", "--out", "kept.yaml"]
    await writeFile(join(folder, "kept.yaml"), "the earlier one\n")
    const before = (await readdir(folder)).toSorted()
    let isStopped = false
    const stopped = await calibrate([...words, ...brief], (child, stderr) => {
      if (!isStopped && stderr().includes("of 24 rounds")) isStopped = child.kill("SIGINT")
    })
    expect(stopped.code).toBe(130)
    expect(stopped.stdout).toBe("")
    let calls = 0
    const { endpoint: failing, close } = await listening(
      createServer((_request, response) => {
        calls++
        response.writeHead(500).end(`boom ${calls}`)
      }),
    )
    closers.push(close)
    const failed = await calibrate([...words.with(1, failing), ...brief])
    expect(failed.code).toBe(1)
    expect(failed.stdout).toBe("")
    expect(failed.stderr).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1: status 500: boom 1\n$/)
    expect(await readFile(join(folder, "kept.yaml"), "utf8")).toBe("the earlier one\n")
    expect((await readdir(folder)).toSorted()).toEqual(before)
  })

  it.each([
    [["--endpoint", "ftp://x"], "--endpoint ftp://x: expected an address such as"],
    [["--endpoint", "http://me:hush@127.0.0.1:1/v1"], "give a key by --key-env"],
    [["--endpoint", "http://127.0.0.1:1/v1?key=hush"], "has no ? and no #"],
    [["--model", "gpt-9"], "say by --as which of its models it is: llama-3.2-3b"],
    [["--as", "gpt-9"], "--as gpt-9: expected one of llama-3.2-3b"],
    [["--concurrency", "2,4"], "expected 2 to 12 rising whole numbers that begin with 1"],
    [["--concurrency", "1,2,2"], "expected 2 to 12 rising"],
    [["--prompt-tokens", "1e9"], "--prompt-tokens 1e9: expected a whole number, 64 to 100000"],
    [["--output-tokens", "2"], "expected a whole number, 16 to 4096"],
    [["--context-tokens", "-5"], "expected a whole number, 1 to 1000000000"],
    [["--key-env", "NO_SUCH_VARIABLE_HERE"], "there is no such environment variable"],
    [["--quantisation", "q8"], "expected one of q4, f16"],
    [["--device", "two\nlines"], "expected a name of 1 to 80 characters on one line"],
    [["--out", "."], "is not a file"],
    [["--out", "/dev/null/x.yaml"], "cannot be written to"],
  ])("refuses %j before it measures anything", async (words, message) => {
    const base = new Map([
      ["--endpoint", "http://127.0.0.1:9/v1"],
      ["--model", "llama-3-8b"],
    ])
    for (let i = 0; i < words.length; i += 2) base.set(words[i], words[i + 1])
    const { code, stdout, stderr } = await evenkeelHere([
      "calibrate",
      ...[...base].map(([name, value]) => `${name}=${value}`),
    ])
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toContain(message)
    expect(stderr).not.toContain("hush")
  })

  it("says so where nothing listens, and where a server is too fast to measure", async () => {
    const nobody = await evenkeelHere([
      "calibrate",
      "--endpoint",
      "http://127.0.0.1:9/v1",
      "--model",
      "llama-3-8b",
    ])
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      "http://127.0.0.1:9/v1: nothing listens there (connection refused)\n",
    ])
    const { endpoint, close } = await listening(
      createServer((_request, response) => {
        const usage = '{"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":16}}'
        response.end(
          `data: {"choices":[{"delta":{"content":"all at once"}}]}\n\ndata: ${usage}\n\ndata: [DONE]\n\n`,
        )
      }),
    )
    closers.push(close)
    const instant = await calibrate([
      "--endpoint",
      endpoint,
      "--model",
      "llama-3-8b",
      "--out",
      "no.yaml",
    ])
    expect([instant.code, instant.stderr]).toEqual([
      1,
      expect.stringContaining("Not enough to go by"),
    ])
    expect(existsSync(join(folder, "no.yaml"))).toBe(false)
  })
})
