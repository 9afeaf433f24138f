/**
 * Which market the commands speak to, and as whom: one file of the user's own (mode 0600), made by
 * `evenkeel init`, with the keys of machines that were registered from here. What is given with --url and
 * --key, or as EVENKEEL_URL and EVENKEEL_KEY, wins.
 */
import { Effect, Option, ParseResult, Schema } from "effect"
import { mkdir, readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { causeText } from "../../platform/cause.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { writePrivate } from "../agent/plan/state-file.ts"
import type { JsonApi } from "../agent/transport/json-api.ts"
import { ComputeError, makeJsonApi } from "../agent/transport/json-api.ts"
import { MarketCommandFailed } from "./failure.ts"

const Profile = Schema.Struct({
  url: Schema.String,
  key: Schema.optionalWith(Schema.String, { exact: true }),
  /** Keys of hosts, by gpu_id. */
  gpus: Schema.Record({ key: Schema.String, value: Schema.String }),
})
export type Profile = typeof Profile.Type

const defaultUrl = "http://127.0.0.1:8080"

/** `$EVENKEEL_PROFILE`, else `$XDG_CONFIG_HOME/evenkeel/profile.json`, by default below `~/.config`. */
export const profileFile = (): string =>
  process.env["EVENKEEL_PROFILE"] ||
  join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "evenkeel", "profile.json")

/** `undefined`: there is none yet. */
const readProfile = Effect.gen(function* () {
  const file = profileFile()
  const text = yield* Effect.tryPromise({
    try: () =>
      readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined
        throw error
      }),
    catch: (cause) => new MarketCommandFailed({ message: causeText(cause) }),
  })
  if (text === undefined) return undefined
  return yield* Schema.decodeUnknown(Schema.parseJson(Profile))(text).pipe(
    Effect.mapError(
      (error) =>
        new MarketCommandFailed({
          message: `${file} is no profile (${ParseResult.TreeFormatter.formatErrorSync(error).split("\n")[0]}): remove it, and run \`evenkeel init\``,
        }),
    ),
  )
})

export const writeProfile = (profile: Profile): Effect.Effect<string, MarketCommandFailed> =>
  Effect.tryPromise({
    try: async () => {
      const file = profileFile()
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await writePrivate(file, profile)
      return file
    },
    catch: (cause) => new MarketCommandFailed({ message: causeText(cause) }),
  })

export const marketOptions = {
  url: Parameter.optional(
    Parameter.text(
      "url",
      "URL",
      `The gateway; by default EVENKEEL_URL, else that of \`evenkeel init\`, else ${defaultUrl}.`,
    ),
  ),
  key: Parameter.optional(
    Parameter.text(
      "key",
      "KEY",
      "Key of your account (sk_live_…); by default EVENKEEL_KEY, else that of `evenkeel init`.",
    ),
  ),
}

interface Given {
  readonly url: Option.Option<string>
  readonly key: Option.Option<string>
}

/** An empty variable is none. */
const environment = (name: string): string | undefined => process.env[name] || undefined

export interface Market {
  readonly api: JsonApi
  readonly url: string
  readonly key: string | undefined
  readonly profile: Profile | undefined
}

export const marketOf = (given: Given): Effect.Effect<Market, MarketCommandFailed> =>
  Effect.gen(function* () {
    const profile = yield* readProfile
    const url =
      Option.getOrUndefined(given.url) ?? environment("EVENKEEL_URL") ?? profile?.url ?? defaultUrl
    const key = Option.getOrUndefined(given.key) ?? environment("EVENKEEL_KEY") ?? profile?.key
    const api = yield* Effect.try({
      try: () => makeJsonApi({ baseUrl: url, ...(key === undefined ? {} : { apiKey: key }) }),
      catch: (cause) => new MarketCommandFailed({ message: causeText(cause) }),
    })
    return { api, url, key, profile }
  })

/** One call. Where it takes a key and there is none, what to do is said. */
export const asking = <A>(
  { key }: Pick<Market, "key">,
  call: () => Promise<A>,
): Effect.Effect<A, MarketCommandFailed> =>
  Effect.tryPromise({
    try: call,
    catch: (cause) =>
      new MarketCommandFailed({
        message:
          cause instanceof ComputeError && cause.status === 401 && key === undefined
            ? "This takes an account: `evenkeel init` opens one, or takes the key that you have (--key, EVENKEEL_KEY)"
            : causeText(cause),
      }),
  })
