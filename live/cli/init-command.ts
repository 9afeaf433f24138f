/** `evenkeel init`: an account at a market, its key kept for the commands that follow. */
import { Effect, Option } from "effect"
import { isObject } from "../../platform/json/json-object.ts"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { MarketCommandFailed } from "./failure.ts"
import { asking, marketOf, marketOptions, profileFile, writeProfile } from "./profile.ts"

export const initCommand = Command.make({
  parameters: {
    ...marketOptions,
    name: Parameter.withDefault(
      Parameter.text("name", "TEXT", "What a new account is called; by default: my account."),
      "my account",
    ),
    new: Parameter.flag("new", "Open a new account, though there is one here."),
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const isKnown = market.profile?.url === market.url && market.profile.key !== undefined
      if (isKnown && !given.new && Option.isNone(given.key))
        return yield* new MarketCommandFailed({
          message: `${profileFile()} has an account at ${market.url} already; --new opens another one`,
        })
      const isOpened = Option.isNone(given.key) || given.new
      const account = yield* asking(market, () =>
        isOpened
          ? market.api.ask("POST", "/accounts", { name: given.name })
          : market.api.ask("GET", "/account"),
      )
      const known = isObject(account) ? account : {}
      const key = isOpened ? String(known["api_key"]) : Option.getOrElse(given.key, () => "")
      const file = yield* writeProfile({
        url: market.url,
        key,
        gpus: market.profile?.url === market.url ? market.profile.gpus : {},
      })
      const recovery = known["recovery_code"]
      const document = {
        url: market.url,
        account_id: String(known["account_id"]),
        profile: file,
        ...(typeof recovery === "string" ? { recovery_code: recovery } : {}),
      }
      return yield* printResult(given.json, document, () =>
        alignColumns([
          ["market", document.url],
          ["account", document.account_id],
          ["key", `kept in ${file}`],
          ...(document.recovery_code === undefined
            ? []
            : [["recovery code", `${document.recovery_code}   (shown this once)`]]),
        ]),
      )
    }),
})
