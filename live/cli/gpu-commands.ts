/** `evenkeel gpu …`: a provider's machines. */
import { Effect, Option } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { causeText } from "../../platform/cause.ts"
import * as Command from "../../platform/terminal/command.ts"
import { closest } from "../../platform/terminal/closest.ts"
import { jsonOption, note, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { ComputeProvider } from "../agent/hours/compute-provider.ts"
import type { GpuView, RegisteredGpu, StrategyName } from "../protocol/hours-protocol.ts"
import { strategies } from "../protocol/hours-protocol.ts"
import { MarketCommandFailed } from "./failure.ts"
import { numberIn, numberOf, optionalText, present } from "./given.ts"
import { asking, marketOf, marketOptions, writeProfile } from "./profile.ts"
import { serviceCommand } from "./service-command.ts"
import { gpusText, gpuText } from "./tables.ts"

const gpuId = Parameter.text("gpu-id", "ID", "The machine, as `evenkeel gpu list` has it.")

/** What registering and updating share. */
const termsOptions = {
  cudaVersion: optionalText("cuda-version", "TEXT", "Such as 12.1, for display."),
  region: optionalText("region", "NAME", "Where it stands; `evenkeel rates` lists the regions."),
  maxJobs: optionalText("max-jobs", "N", "Jobs at once; 1 by default."),
  strategy: optionalText(
    "strategy",
    "NAME",
    "How its price follows demand: market-balance (the default), peak-maximizer, utilization-guard, dynamic or fixed.",
  ),
  leastPrice: optionalText("least-price", "CREDITS", "What its price never goes below, an hour."),
  schedule: optionalText(
    "schedule",
    "FILE",
    "When it is to be had: YAML with timezone, availability and maintenance_windows.",
  ),
}

type TermsGiven = Command.Given<typeof termsOptions>

const strategyOf = (
  given: Option.Option<string>,
): Effect.Effect<StrategyName | undefined, UsageError> => {
  if (Option.isNone(given)) return Effect.succeed(undefined)
  const name = given.value
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, "-")
  const found = strategies.find((one) => one === name)
  if (found !== undefined) return Effect.succeed(found)
  const meant = closest(name, [...strategies])
  return new UsageError({
    argument: `--strategy ${given.value}`,
    allowed: `expected ${strategies.join(", ")}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  })
}

const scheduleOf = (given: Option.Option<string>): Effect.Effect<unknown, UsageError> =>
  Option.isNone(given)
    ? Effect.void
    : Effect.try({
        try: () => parse(readFileSync(given.value, "utf8")) as unknown,
        catch: (cause) =>
          new UsageError({ argument: `--schedule ${given.value}`, allowed: causeText(cause) }),
      })

const termsFrom = (given: TermsGiven) =>
  Effect.gen(function* () {
    const maxJobs = yield* numberIn("--max-jobs", given.maxJobs)
    const strategy = yield* strategyOf(given.strategy)
    return present({
      cuda_version: Option.getOrUndefined(given.cudaVersion),
      region: Option.getOrUndefined(given.region),
      max_jobs: maxJobs,
      strategy,
      least_price: Option.getOrUndefined(given.leastPrice),
    })
  })

const registerCommand = Command.make({
  parameters: {
    name: Parameter.text("name", "TEXT", "For people."),
    memory: Parameter.text("memory", "GIB", "Memory that is sold, GiB."),
    basePrice: Parameter.text(
      "base-price",
      "CREDITS",
      "Credits an hour for each job, before its strategy.",
    ),
    ...termsOptions,
    hostId: optionalText("host-id", "ID", "A host of yours that serves calls already."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const memory = yield* numberOf("--memory", given.memory)
      const schedule = yield* scheduleOf(given.schedule)
      const terms = yield* termsFrom(given)
      const { api_key: key, ...gpu } = (yield* asking(market, () =>
        market.api.ask("POST", "/marketplace/gpu", {
          ...terms,
          name: given.name,
          memory_gib: memory,
          base_price: given.basePrice,
          ...(Option.isNone(given.hostId) ? {} : { host_id: given.hostId.value }),
          ...(schedule === undefined ? {} : { schedule }),
        }),
      )) as RegisteredGpu
      if (key !== null)
        yield* writeProfile({
          url: market.url,
          ...(market.key === undefined ? {} : { key: market.key }),
          gpus: { ...market.profile?.gpus, [gpu.gpu_id]: key },
        })
      return yield* printResult(
        given.json,
        gpu,
        () =>
          `${gpuText(gpu)}\n\nIt is listed. \`evenkeel gpu serve --gpu-id ${gpu.gpu_id} …\` lets the market hear of it, and gives access to what is booked.`,
      )
    }),
})

const listCommand = Command.make({
  parameters: {
    region: optionalText("region", "NAME", "Only those there."),
    model: optionalText("model", "NAME", "Only those that serve this model, or say they can."),
    maxPrice: optionalText("max-price", "CREDITS", "Only those at this rate an hour or below."),
    minReputation: optionalText(
      "min-reputation",
      "SHARE",
      "Only those whose provider is known for so much or more, 0 to 1.",
    ),
    byReputation: Parameter.flag("by-reputation", "The best known first."),
    mine: Parameter.flag("mine", "Only yours, paused ones and drafts too."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const query = new URLSearchParams({ limit: "1000" })
      for (const [name, value] of [
        ["region", given.region],
        ["model", given.model],
        ["max_price", given.maxPrice],
        ["min_reputation", given.minReputation],
      ] as const)
        if (Option.isSome(value)) query.set(name, value.value)
      if (given.byReputation) query.set("sort", "reputation")
      if (given.mine) query.set("mine", "true")
      const gpus: Array<GpuView> = []
      for (let cursor: string | null = ""; cursor !== null;) {
        if (cursor !== "") query.set("cursor", cursor)
        const page = (yield* asking(market, () =>
          market.api.ask("GET", `/marketplace/gpu?${query.toString()}`),
        )) as { readonly data: ReadonlyArray<GpuView>; readonly next_cursor: string | null }
        gpus.push(...page.data)
        cursor = page.next_cursor
      }
      return yield* printResult(given.json, { data: gpus }, () => gpusText(gpus))
    }),
})

const updateCommand = Command.make({
  parameters: {
    gpuId,
    name: optionalText("name", "TEXT", "For people."),
    memory: optionalText("memory", "GIB", "Memory that is sold, GiB."),
    basePrice: optionalText("base-price", "CREDITS", "Credits an hour for each job."),
    ...termsOptions,
    paused: Parameter.flag("paused", "No new bookings; those that are sold stay."),
    offered: Parameter.flag("offered", "New bookings again."),
    alwaysOpen: Parameter.flag("always-open", "It has no schedule any more: always to be had."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      if (given.paused && given.offered)
        return yield* new UsageError({
          argument: "--paused --offered",
          allowed: "expected one of them",
        })
      if (given.alwaysOpen && Option.isSome(given.schedule))
        return yield* new UsageError({
          argument: "--schedule --always-open",
          allowed: "expected one of them",
        })
      const market = yield* marketOf(given)
      const path = `/marketplace/gpu/${encodeURIComponent(given.gpuId)}`
      const memory = yield* numberIn("--memory", given.memory)
      const schedule = given.alwaysOpen ? null : yield* scheduleOf(given.schedule)
      const change = {
        ...(yield* termsFrom(given)),
        ...present({
          name: Option.getOrUndefined(given.name),
          memory_gib: memory,
          base_price: Option.getOrUndefined(given.basePrice),
          is_offered: given.paused ? false : given.offered ? true : undefined,
        }),
      }
      if (Object.keys(change).length === 0 && schedule === undefined)
        return yield* new UsageError({
          argument: "gpu update",
          allowed: "expected something to change, such as --strategy or --base-price",
        })
      if (schedule !== undefined)
        yield* asking(market, () => market.api.ask("PUT", `${path}/availability`, { schedule }))
      const gpu = (yield* asking(market, () => market.api.ask("PATCH", path, change))) as GpuView
      return yield* printResult(given.json, gpu, () => gpuText(gpu))
    }),
})

const slaCommand = Command.make({
  parameters: {
    gpuId,
    availability: optionalText(
      "availability",
      "SHARE",
      "Least share of a period that it is up, such as 0.99.",
    ),
    response: optionalText("response", "SECONDS", "Until an answer begins, at most."),
    completion: optionalText(
      "completion",
      "SHARE",
      "Least share of a consumer's calls that succeed, such as 0.98.",
    ),
    penalty: optionalText(
      "penalty",
      "SHARE",
      "What of a period's price goes back where that is not kept; by default the market's.",
    ),
    none: Parameter.flag("none", "It promises nothing any more."),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const targets = present({
        availability_target: yield* numberIn("--availability", given.availability),
        response_time_target: yield* numberIn("--response", given.response),
        completion_rate_target: yield* numberIn("--completion", given.completion),
        penalty_rate: yield* numberIn("--penalty", given.penalty),
      })
      if (given.none === Object.keys(targets).length > 0)
        return yield* new UsageError({
          argument: "gpu sla",
          allowed: "expected what it promises, such as --availability 0.99, or --none",
        })
      const path = `/marketplace/gpu/${encodeURIComponent(given.gpuId)}/sla`
      const gpu = (yield* asking(market, () => market.api.ask("PUT", path, targets))) as GpuView
      return yield* printResult(given.json, gpu, () => gpuText(gpu))
    }),
})

const removeCommand = Command.make({
  parameters: { gpuId, ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      yield* asking(market, () =>
        market.api.ask("DELETE", `/marketplace/gpu/${encodeURIComponent(given.gpuId)}`),
      )
      const { [given.gpuId]: key, ...gpus } = market.profile?.gpus ?? {}
      if (key !== undefined && market.profile !== undefined)
        yield* writeProfile({ ...market.profile, gpus })
      const document = { gpu_id: given.gpuId, removed: true }
      return yield* printResult(given.json, document, () => `${given.gpuId} is sold no more.`)
    }),
})

const serveCommand = Command.make({
  parameters: {
    gpuId,
    access: optionalText(
      "access",
      "TEXT",
      "What each consumer is given, such as https://gpu.example/{booking_id}.",
    ),
    start: Parameter.repeated(
      Parameter.text(
        "start",
        "WORD",
        "A program that gives access, word by word (repeat it); what it writes is what the consumer is given. It is run without a shell.",
      ),
    ),
    stop: Parameter.repeated(
      Parameter.text("stop", "WORD", "Likewise, a program that ends access."),
    ),
    probeUrl: optionalText(
      "probe-url",
      "URL",
      "Where what was granted answers while it is up; by default what the consumer is given.",
    ),
    hostKey: optionalText(
      "host-key",
      "KEY",
      "The machine's own key (hk_live_…); by default the one that registering here gave.",
    ),
    ...marketOptions,
  },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const hostKey = Option.getOrUndefined(given.hostKey) ?? market.profile?.gpus[given.gpuId]
      if (hostKey === undefined)
        return yield* new MarketCommandFailed({
          message: `No key of ${given.gpuId} is known here: give it with --host-key`,
        })
      const provider = new ComputeProvider({
        baseUrl: market.url,
        gpuId: given.gpuId,
        apiKey: hostKey,
        hostKey,
      })
      const grant = {
        ...(Option.isNone(given.access) ? {} : { endpoint: given.access.value }),
        ...(given.start.length === 0 ? {} : { start: given.start }),
        ...(given.stop.length === 0 ? {} : { stop: given.stop }),
        ...(Option.isNone(given.probeUrl) ? {} : { probeUrl: given.probeUrl.value }),
      }
      yield* asking(market, () =>
        provider.startOffering({
          grant,
          onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
        }),
      )
      process.exitCode = 0
      yield* note(`Offering ${given.gpuId}; Ctrl-C ends it, what is booked stays booked`)
      return yield* Effect.never.pipe(
        Effect.onInterrupt(() => Effect.promise(() => provider.stop())),
      )
    }),
})

export const gpuCommand = Command.group([
  Command.listed("register", "Sell a machine by the hour.", async () => registerCommand),
  Command.listed("list", "Machines that are sold by the hour.", async () => listCommand),
  Command.listed("update", "Change a machine: price, strategy, hours.", async () => updateCommand),
  Command.listed(
    "sla",
    "What a machine promises with hours that are ordered from now on.",
    async () => slaCommand,
  ),
  Command.listed(
    "service",
    "A machine's tiers, its queue, and what calls are drawn to it by.",
    async () => serviceCommand,
  ),
  Command.listed(
    "host-model",
    "Say that a machine hosts a specialised model, or no more.",
    async () => (await import("./reputation-commands.ts")).hostModelCommand,
  ),
  Command.listed("remove", "Sell a machine no more.", async () => removeCommand),
  Command.listed(
    "serve",
    "Offer a machine and give access to what is booked, until it is stopped.",
    async () => serveCommand,
  ),
])
