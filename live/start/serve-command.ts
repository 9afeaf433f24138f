/** `evenkeel serve`: the gateway, until it is told to stop. */
import { Effect, Option } from "effect"
import { alignColumns, jsonOption, note, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { LiveConfig } from "../config/config.ts"
import { loadConfig, settings } from "../config/load-config.ts"
import { loggerOf } from "../http/server/server.ts"
import type { RunningGateway } from "./start.ts"
import { startGateway } from "./start.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const options = {
  data: Parameter.withDefault(
    Parameter.text(
      "data",
      "DIR",
      "The data directory; made at the first start. Default: ./evenkeel-data.",
    ),
    "evenkeel-data",
  ),
  port: Parameter.optional(
    Parameter.text(
      "port",
      "N",
      "The port, 0 for a free one; wins over listen.port of the settings.",
    ),
  ),
  config: Parameter.optional(
    Parameter.text("config", "FILE", "Settings as YAML; environment variables win over them."),
  ),
  settings: Parameter.flag(
    "settings",
    "List every setting with its variable, default and meaning, and end.",
  ),
  json: jsonOption,
}

export const serveCommand = Command.make({
  parameters: options,
  run: (given) =>
    Effect.gen(function* () {
      if (given.settings) return yield* printResult(given.json, settings(), () => settingsText())
      const config = yield* withPort(
        yield* loadConfig(Option.getOrUndefined(given.config), process.env),
        given.port,
      )
      return yield* Effect.scoped(
        Effect.gen(function* () {
          const gateway = yield* startGateway({
            config,
            dataDirectory: given.data,
            logger: loggerOf(config),
          })
          yield* printResult(given.json, startDocument(gateway, given.data), () =>
            startText(gateway, given.data),
          )
          // A signal is how a server ends well; what goes wrong from here on fails.
          process.exitCode = 0
          return yield* Effect.onInterrupt(gateway.broken, () =>
            note("Finishing what is under way …"),
          )
        }),
      )
    }),
})

const withPort = (
  config: LiveConfig,
  port: Option.Option<string>,
): Effect.Effect<LiveConfig, UsageError> => {
  if (Option.isNone(port)) return Effect.succeed(config)
  const value = /^\d{1,5}$/.test(port.value) ? Number(port.value) : Number.NaN
  return value <= 65_535
    ? Effect.succeed({ ...config, listen: { ...config.listen, port: value } })
    : new UsageError({ argument: `--port ${port.value}`, allowed: "expected a port, 0 to 65535" })
}

const settingsText = (): string =>
  settings()
    .map(
      ({ path, variable, default: value, meaning }) =>
        `${path} = ${value === undefined ? "(none)" : JSON.stringify(value)}\n    ${meaning}\n    ${variable}`,
    )
    .join("\n")

const startDocument = ({ url, adminSecret, opened, services }: RunningGateway, data: string) => ({
  url,
  data,
  economy: services.driver.market.economy.name,
  models: [...services.directory.models.all()].map(({ name }) => name),
  ...(adminSecret === undefined ? {} : { adminKey: adminSecret }),
  recovered: { entries: opened.replayed, cutOffRequests: opened.cutOff },
})

const startText = (gateway: RunningGateway, data: string): string => {
  const { url, adminSecret, opened, services } = gateway
  const models = [...services.directory.models.all()].map(({ name }) => name)
  const rows: Array<ReadonlyArray<string>> = [
    ["gateway", `${url}/v1`],
    ["dashboard", url],
    ["API", `${url}/docs`],
    ["data", data],
    ["economy", services.driver.market.economy.name],
    [
      "models",
      models.length === 0
        ? "none yet: `models` of the settings, or POST /admin/models"
        : models.join(", "),
    ],
  ]
  if (!opened.isNew)
    rows.push([
      "recovered",
      `${opened.replayed} journal entries after the snapshot, ${opened.cutOff} calls that were cut off`,
    ])
  if (adminSecret !== undefined) rows.push(["admin key", `${adminSecret}   (shown this once)`])
  return alignColumns(rows)
}
