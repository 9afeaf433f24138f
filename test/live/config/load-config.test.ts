import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { defaultConfig } from "../../../live/config/config.ts"
import type { LiveConfig } from "../../../live/config/config.ts"
import {
  ConfigInvalid,
  configFrom,
  loadConfig,
  settings,
} from "../../../live/config/load-config.ts"
import { temporaryFolder } from "../support/data-directory.ts"

const load = (file: string | undefined, environment: Record<string, string> = {}) =>
  Effect.runPromise(
    Effect.either(loadConfig(file, environment)).pipe(Effect.provide(NodeContext.layer)),
  )

const fileOf = (text: string): string => {
  const file = join(temporaryFolder(), "gateway.yaml")
  writeFileSync(file, text)
  return file
}

const loaded = async (
  text: string,
  environment: Record<string, string> = {},
): Promise<LiveConfig> => Either.getOrThrow(await load(fileOf(text), environment))

const refused = async (text: string, environment: Record<string, string> = {}): Promise<string> => {
  const result = await load(fileOf(text), environment)
  if (Either.isRight(result)) throw new Error("it was accepted")
  expect(result.left).toBeInstanceOf(ConfigInvalid)
  return result.left.message
}

describe("configuration", () => {
  it("needs no file: every setting has a default", async () => {
    expect(Either.getOrThrow(await load(undefined))).toEqual(defaultConfig)
    expect(await loaded("")).toEqual(defaultConfig)
  })

  it("comes from a file, and the environment wins over it", async () => {
    const text = "listen: { port: 9000 }\ntimeouts:\n  firstTokenSeconds: 3\n"
    const config = await loaded(text, { EVENKEEL_TIMEOUTS_FIRST_TOKEN_SECONDS: "7.5" })
    expect(config.listen).toMatchObject({ host: "127.0.0.1", port: 9000 })
    expect(config.timeouts.firstTokenSeconds).toBe(7.5)
    expect(config.timeouts.connectSeconds).toBe(defaultConfig.timeouts.connectSeconds)
  })

  it("takes lists and flags from the environment as YAML", async () => {
    const config = await loaded("", {
      EVENKEEL_HOSTS_ALLOWED_NETWORKS: '["10.0.0.0/8"]',
      EVENKEEL_ACCOUNTS_IS_SIGN_UP_OPEN: "false",
      UNRELATED: "x",
    })
    expect(config.hosts.allowedNetworks).toEqual(["10.0.0.0/8"])
    expect(config.accounts.isSignUpOpen).toBe(false)
  })

  it.each([
    ["listen: { prot: 1 }", /listen\.prot: no such setting/],
    [
      "timeouts: { connectSeconds: -1 }",
      /timeouts\.connectSeconds: expected seconds, 0\.01 to 86400$/,
    ],
    ["limits: { bodyBytes: big }", /limits\.bodyBytes: expected a whole number/],
    ["- a\n- b", /expected settings/],
    ["listen: [", /flow/i],
    ["listen: { allowedOrigins: [app.example] }", /allowedOrigins\.0: expected an origin such as/],
    [
      'listen: { allowedOrigins: ["https://app.example/"] }',
      /allowedOrigins\.0: expected an origin such as "https:\/\/app\.example", or "\*"/,
    ],
    [
      'models: [{ name: m, inputPricePerToken: "0", outputPricePerToken: "0", developerRole: user }]',
      /models\.0\.developerRole: expected system or keep/,
    ],
    ["models:\n  - name: m\n", /models\.0\.inputPricePerToken/],
  ])("refuses %j, and names the place", async (text, expected) => {
    expect(await refused(text)).toMatch(expected)
  })

  it("names the variable that is no value, and the file that is missing", async () => {
    expect(await refused("", { EVENKEEL_LISTEN_PORT: "[" })).toMatch(/EVENKEEL_LISTEN_PORT/)
    expect(await refused("", { EVENKEEL_LISTEN_PORT: "many" })).toMatch(/listen\.port/)
    const missing = await load(join(temporaryFolder(), "no.yaml"))
    expect(Either.isLeft(missing) && missing.left.message).toMatch(/no such file/)
  })

  it("lists every setting with a variable of its own and a meaning, and each default is allowed", () => {
    const all = settings()
    expect(all.length).toBeGreaterThan(20)
    expect(new Set(all.map(({ variable }) => variable)).size).toBe(all.length)
    for (const { path, meaning } of all) expect(meaning, path).not.toBe("")
    expect(Either.isRight(configFrom("defaults", defaultConfig))).toBe(true)
  })
})
