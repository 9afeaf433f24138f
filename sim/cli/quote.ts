/** `evenkeel quote`: what so many tokens cost, and who gets what of it. */
import { Effect } from "effect"
import { formatCredits, parseDecimal, quote } from "../../engine/index.ts"
import { economyNamed, economyOption } from "./economy.ts"
import { alignColumns, jsonOption, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const priceOption = Parameter.text(
  "price-per-token",
  "CREDITS",
  "Credits a token, a decimal such as 0.00012.",
)
/** 1,000 credits are a dollar (docs/money.md), so a dollar has three decimals more than a credit. */
const decimalsOfThousand = 3

const tokensOption = Parameter.text("tokens", "N", "A whole number of tokens.")

export const quoteCommand = Command.make({
  parameters: {
    pricePerToken: priceOption,
    tokens: tokensOption,
    economy: economyOption,
    json: jsonOption,
  },
  run: ({ pricePerToken, tokens, economy: name, json }) =>
    Effect.gen(function* () {
      const economy = yield* economyNamed(name)
      const { scale } = economy.money
      // A price per million tokens in minor units has six decimals more than a credit has.
      const pricePerMtok = parseDecimal(pricePerToken, scale + 6)
      if (pricePerMtok === undefined)
        return yield* new UsageError({
          argument: `--price-per-token ${pricePerToken}`,
          allowed: `expected credits a token as a plain decimal such as 0.00012: at most ${scale + 6} decimals, at most ${formatCredits(Number.MAX_SAFE_INTEGER, scale + 6)}`,
        })
      const count = parseDecimal(tokens, 0)
      if (count === undefined)
        return yield* new UsageError({
          argument: `--tokens ${tokens}`,
          allowed: `expected a whole number of tokens, 0 to ${Number.MAX_SAFE_INTEGER}`,
        })
      const quoted = quote(count, pricePerMtok, economy.feeBps)
      if (!Number.isSafeInteger(quoted.gross))
        return yield* new UsageError({
          argument: `--tokens ${tokens}`,
          allowed: `at this price that is more credits than a balance can hold (${formatCredits(Number.MAX_SAFE_INTEGER, scale)})`,
        })
      const usd = (minor: number): string => formatCredits(minor, scale + decimalsOfThousand)
      const document = {
        economy: economy.name,
        pricePerToken,
        tokens: count,
        feeBps: economy.feeBps,
        gross: formatCredits(quoted.gross, scale),
        fee: formatCredits(quoted.fee, scale),
        net: formatCredits(quoted.net, scale),
        grossUsd: usd(quoted.gross),
        feeUsd: usd(quoted.fee),
        netUsd: usd(quoted.net),
      }
      yield* printResult(json, document, () =>
        [
          alignColumns([
            ["gross", `${document.gross} credits`, `$${document.grossUsd}`, "paid by the consumer"],
            [
              "fee",
              `${document.fee} credits`,
              `$${document.feeUsd}`,
              `${economy.feeBps / 100}% for the platform`,
            ],
            ["net", `${document.net} credits`, `$${document.netUsd}`, "for the provider"],
          ]),
          "1,000 credits are a dollar here; what a market of your own sells them for is yours to say.",
        ].join("\n"),
      )
    }),
})
