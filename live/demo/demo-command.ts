/**
 * `evenkeel demo`: a whole market on this machine, without a GPU: the gateway, six simulated hosts
 * through the real agent protocol, consumers. It ends by itself, prints what happened, and replays
 * its own journal. With `--economy aitbc` it is hours of machines that are sold (hours-demo.ts).
 */
import { FileSystem } from "@effect/platform"
import { Effect, Exit, Option, Scope } from "effect"
import { openStream } from "../../engine/index.ts"
import { jsonOption, note, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { HostAgent } from "../client.ts"
import { configFrom } from "../config/load-config.ts"
import { startGateway } from "../start/start.ts"
import type { HostPart } from "./cast.ts"
import { consumers, hosts, largeModel, prices, smallModel } from "./cast.ts"
import type { Member } from "./member.ts"
import type { DemoReport } from "./report.ts"
import { reportText } from "./report.ts"
import { DemoFailed } from "./failure.ts"
import { showHours } from "./hours-demo.ts"
import { inTurn } from "./in-turn.ts"
import { runLoad } from "./load.ts"
import type { Platform } from "./platform.ts"
import { memberOf, platformAt } from "./platform.ts"
import { replayOf } from "./replayed.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const longestSeconds = 3600

export const demoCommand = Command.make({
  parameters: {
    seconds: Parameter.withDefault(
      Parameter.text("seconds", "N", "How long the consumers call; 10 by default."),
      "10",
    ),
    data: Parameter.optional(
      Parameter.text("data", "DIR", "Keep the data directory here; by default it is thrown away."),
    ),
    economy: Parameter.withDefault(
      Parameter.choice(
        "economy",
        ["pooled", "aitbc"],
        "What is sold: calls of models (pooled, the default), or hours of machines (aitbc).",
      ),
      "pooled",
    ),
    json: jsonOption,
  },
  run: ({ seconds, data, economy, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const duration = yield* secondsFrom(seconds)
        const directory = yield* dataDirectory(data)
        if (economy === "aitbc") return yield* showHours(directory, json)
        const members = yield* runMarket(directory, duration)
        const report = yield* withReplay(directory, members)
        yield* printResult(json, report, () => reportText(report))
        if (report.replay !== "identical" || report.balanceSum !== 0)
          return yield* new DemoFailed({
            message: "The journal did not replay to the same commands and balances.",
          })
      }),
    ),
})

const secondsFrom = (text: string): Effect.Effect<number, UsageError> => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return value > 0 && value <= longestSeconds
    ? Effect.succeed(value)
    : new UsageError({
        argument: `--seconds ${text}`,
        allowed: `expected seconds, up to ${longestSeconds}`,
      })
}

const dataDirectory = (data: Option.Option<string>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    if (Option.isNone(data))
      return yield* files.makeTempDirectoryScoped({ prefix: "evenkeel-demo-" })
    if (yield* files.exists(data.value))
      return yield* new UsageError({
        argument: `--data ${data.value}`,
        allowed: "is there already; name a folder that is not",
      })
    return data.value
  })

/**
 * Newcomers are not held back here: a ramp of a week would be all that ten seconds show. Nor is a machine
 * that is busy with other things a busy market: hosts and consumers share it with the gateway.
 */
const demoConfig = configFrom("the demonstration's settings", {
  listen: { port: 0 },
  log: { level: "silent" },
  economy: { preset: "pooled", knobs: { ramp: { start: 1 } } },
  hosts: { heartbeatSeconds: 2, pollSeconds: 5 },
  limits: { loopDelayMillis: 0 },
  accounts: { signUpsPerHour: 100 },
  models: ([smallModel, largeModel] as const).map((name) => ({
    name,
    inputPricePerToken: prices[name].input,
    outputPricePerToken: prices[name].output,
  })),
})

/** The market from its first account to its last call, and closed again. */
const runMarket = (directory: string, seconds: number) =>
  Effect.gen(function* () {
    const config = yield* demoConfig
    const scope = yield* Scope.make()
    const gateway = yield* startGateway({
      config,
      dataDirectory: directory,
      logger: false,
    }).pipe(Scope.extend(scope))
    const platform = platformAt(gateway.url, gateway.adminSecret ?? "")
    yield* note(`A market on ${gateway.url}: six simulated hosts, three consumers, ${seconds} s …`)
    const members = yield* Effect.tryPromise({
      try: () => live(gateway.url, platform, directory, seconds),
      catch: (cause) => new DemoFailed({ message: String(cause) }),
    }).pipe(Effect.onExit((exit) => Scope.close(scope, exit)))
    yield* Scope.close(scope, Exit.void)
    return members
  })

const live = async (
  url: string,
  platform: Platform,
  directory: string,
  seconds: number,
): Promise<Pick<DemoReport, "hosts" | "consumers" | "members">> => {
  const operators = await inTurn(hosts, async (part) => ({
    part,
    account: await platform.signUp(`operator of ${part.name}`),
  }))
  const buyers = await inTurn(consumers, async (part) => {
    const account = await platform.signUp(part.name)
    if (part.buys !== undefined) await platform.topUp(account.account_id, part.buys)
    return { part, account }
  })
  const agents = operators.map(({ part, account }, index) =>
    agentOf(url, account.api_key, part, `${directory}/host-${index}.json`),
  )
  await Promise.all(agents.map((agent) => agent.register()))
  const serving = agents.map((agent) => agent.serve())
  const loads = await Promise.all(
    buyers.map(({ part, account }, index) =>
      runLoad(url, account.api_key, part, openStream("demo", "consumer", index), seconds),
    ),
  )
  const instances = await platform.instances()
  await Promise.all(agents.map((agent) => agent.stop()))
  await Promise.all(serving)
  const members = await inTurn([...operators, ...buyers], ({ part, account }): Promise<Member> =>
    memberOf(platform, part.name, account),
  )
  return { hosts: instances, consumers: loads, members }
}

const agentOf = (url: string, apiKey: string, part: HostPart, stateFile: string): HostAgent => {
  const { name, models, tokensPerSecond, slots, faults } = part
  return new HostAgent({
    apiUrl: url,
    apiKey,
    name,
    gpu: `${name} (simulated)`,
    backend: "simulated",
    models,
    slots,
    tokensPerSecond: tokensPerSecond * slots,
    simulated: { tokensPerSecond, slots, seed: name, ...faults },
    stateFile,
    handlesSignals: false,
    drainSeconds: 10,
  })
}

const withReplay = (
  directory: string,
  happened: Pick<DemoReport, "hosts" | "consumers" | "members">,
) =>
  Effect.gen(function* () {
    const { market, totals, ...replayed } = yield* replayOf(directory)
    const report: DemoReport = {
      ...happened,
      scale: market.economy.money.scale,
      feeBps: market.economy.feeBps,
      poolFeeBps: market.economy.bounty.poolFeeBps,
      totals,
      ...replayed,
    }
    return report
  })
