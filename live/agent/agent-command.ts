/** `evenkeel agent`: makes this machine a host of a market. */
import { causeText } from "../../platform/cause.ts"
import { Data, Effect, Either, Option, ParseResult, Schema } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { Monitoring } from "../protocol/figures-protocol.ts"
import { GpuRegistration } from "../protocol/hours-protocol.ts"
import { alignColumns, printable, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { HostAgent } from "./host-agent.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import type { AgentEvent, HostAgentOptions, ModelOption } from "./plan/options.ts"
import { backendNames } from "./plan/options.ts"
import type { HostPlan } from "./plan/plan.ts"
import { registrationOf } from "./plan/plan.ts"

const optionalText = (name: string, value: string, meaning: string) =>
  Parameter.optional(Parameter.text(name, value, meaning))

const cliOptions = {
  url: Parameter.text("url", "URL", "The gateway, such as https://market.example."),
  key: optionalText(
    "key",
    "KEY",
    "Key of your account (sk_live_…), to register with; better given as EVENKEEL_KEY, which other users of the machine do not see. Not needed once registered.",
  ),
  backend: Parameter.withDefault(
    Parameter.choice(
      "backend",
      backendNames,
      "What runs the models: huggingface (starts `transformers serve`), openai (vLLM, SGLang, TGI, llama.cpp, Ollama, LM Studio…), langchain (a LangServe endpoint), worker (your own POST /generate), simulated (no GPU); huggingface by default.",
    ),
    "huggingface",
  ),
  endpoint: optionalText(
    "endpoint",
    "URL",
    "Where the model server is, such as http://127.0.0.1:8000/v1 (openai, langchain, worker). A key that it wants goes into EVENKEEL_ENDPOINT_KEY.",
  ),
  model: Parameter.repeated(
    Parameter.text(
      "model",
      "NAME",
      "A model to serve, by the market's name; NAME=OWN where the model server calls it OWN. Repeatable; by default all models of the server that the market lists.",
    ),
  ),
  name: optionalText("name", "TEXT", "What the host is called; the machine's name by default."),
  gpu: optionalText("gpu", "TEXT", "The GPU's name, instead of what nvidia-smi says."),
  price: optionalText(
    "price-per-token",
    "CREDITS",
    "What you ask for an output token, such as 0.00012: three digits at most, after zeros; no effect where the platform sets the prices.",
  ),
  slots: optionalText("slots", "N", "Streams at once, all models together; measured by default."),
  rate: optionalText(
    "tokens-per-second",
    "N",
    "Output of all slots together; measured by default.",
  ),
  inputKey: optionalText(
    "input-key",
    "TEXT",
    "Key of the chain's input object, where its schema does not tell (langchain).",
  ),
  transformers: optionalText(
    "transformers",
    "FILE",
    "The transformers program, where it is not on the PATH (huggingface).",
  ),
  state: optionalText(
    "state",
    "FILE",
    "Where the host's id and key are kept; by default a file for each gateway below ~/.local/state/evenkeel.",
  ),
  drain: optionalText(
    "drain-seconds",
    "N",
    "For running jobs to finish when the agent is stopped; 30 by default.",
  ),
  simulatedRate: optionalText(
    "simulated-rate",
    "N",
    "Tokens per second of one stream (simulated); 40 by default.",
  ),
  simulatedFirst: optionalText(
    "simulated-first-ms",
    "N",
    "Time to the first token, ms (simulated); 50 by default.",
  ),
  simulatedFail: optionalText("simulated-fail", "P", "Probability of a failure (simulated)."),
  simulatedStall: optionalText("simulated-stall", "P", "Probability of a stall (simulated)."),
  simulatedLie: optionalText(
    "simulated-lie",
    "P",
    "Probability of claiming twice the tokens (simulated).",
  ),
  hours: optionalText(
    "hours",
    "FILE",
    "Sell the machine by the hour, too: YAML with `listing` (name, memory_gib, base_price …), `grant` (endpoint, or the programs start and stop) and, where it is to be watched, `monitoring` (health_checks, alerts).",
  ),
  dryRun: Parameter.flag("dry-run", "Print what was detected and would be registered, and end."),
  json: Parameter.flag(
    "json",
    "Print JSON on stdout: every event on a line; with --dry-run one document.",
  ),
}

type CliOptions = Command.Given<typeof cliOptions>

export const agentCommand = Command.make({
  parameters: cliOptions,
  run: (given) =>
    Effect.gen(function* () {
      const options = yield* optionsFrom(given)
      const agent = yield* Effect.try({ try: () => new HostAgent(options), catch: failed })
      yield* given.dryRun ? printPlan(agent, given.json) : serve(agent)
    }),
})

/** What the agent could not do, as a message without a stack. */
class AgentFailed extends Data.TaggedError("AgentFailed")<{ readonly message: string }> {}

const failed = (error: unknown): AgentFailed => new AgentFailed({ message: causeText(error) })

/** A signal interrupts, and the interruption drains: the command ends when the last job has. */
const serve = (agent: HostAgent) =>
  Effect.tryPromise({
    try: () => {
      // A signal is how an agent ends well; what goes wrong from here on fails.
      process.exitCode = 0
      return agent.serve()
    },
    catch: failed,
  }).pipe(Effect.onInterrupt(() => Effect.promise(() => agent.stop())))

const printPlan = (agent: HostAgent, isJson: boolean) =>
  Effect.tryPromise({ try: () => agent.detect(), catch: failed }).pipe(
    Effect.flatMap((plan) => printResult(isJson, planDocument(plan), () => planText(plan))),
    Effect.ensuring(Effect.promise(() => agent.stop())),
  )

const optionsFrom = (given: CliOptions): Effect.Effect<HostAgentOptions, UsageError> =>
  Effect.gen(function* () {
    const slots = yield* numberFrom("--slots", given.slots, 1, 1024, true)
    const tokensPerSecond = yield* numberFrom("--tokens-per-second", given.rate, 1, 1_000_000)
    const simulated = yield* simulatedFrom(given)
    return defined<HostAgentOptions>({
      apiUrl: given.url,
      apiKey: Option.getOrUndefined(given.key) ?? environment("EVENKEEL_KEY"),
      backend: given.backend,
      endpointUrl: Option.getOrUndefined(given.endpoint),
      endpointKey: environment("EVENKEEL_ENDPOINT_KEY"),
      models: yield* Effect.forEach(given.model, modelFrom),
      name: Option.getOrUndefined(given.name),
      gpu: Option.getOrUndefined(given.gpu),
      inputKey: Option.getOrUndefined(given.inputKey),
      transformersProgram: Option.getOrUndefined(given.transformers),
      stateFile: Option.getOrUndefined(given.state),
      slots,
      tokensPerSecond,
      pricePerToken: yield* numberFrom("--price-per-token", given.price, 0, 1_000_000),
      hours: yield* hoursFrom(Option.getOrUndefined(given.hours)),
      drainSeconds: yield* numberFrom("--drain-seconds", given.drain, 0, 86_400),
      simulated: defined({ ...simulated, slots }),
      // A signal interrupts the command, which then stops the agent.
      handlesSignals: false,
      onEvent: given.dryRun ? noteEvent : given.json ? printJson : printEvent,
    })
  })

const HoursFile = Schema.Struct({
  listing: GpuRegistration.pick(
    "name",
    "memory_gib",
    "base_price",
    "cuda_version",
    "max_jobs",
    "region",
    "strategy",
    "least_price",
    "peak_multiplier",
    "bulk_discount",
    "demand_threshold",
    "max_multiplier",
    "capabilities",
    "schedule",
    "is_offered",
  ),
  grant: Schema.Struct({
    endpoint: Schema.optionalWith(Schema.String, { exact: true }),
    start: Schema.optionalWith(Schema.Array(Schema.String), { exact: true }),
    stop: Schema.optionalWith(Schema.Array(Schema.String), { exact: true }),
    probeUrl: Schema.optionalWith(Schema.String, { exact: true }),
  }),
  monitoring: Schema.optionalWith(Monitoring, { exact: true }),
})
const decodeHours = Schema.decodeUnknownEither(HoursFile, {
  errors: "all",
  onExcessProperty: "error",
})

const hoursFrom = (
  file: string | undefined,
): Effect.Effect<HostAgentOptions["hours"], UsageError> =>
  Effect.gen(function* () {
    if (file === undefined) return undefined
    const wrong = (allowed: string) => new UsageError({ argument: `--hours ${file}`, allowed })
    const written = yield* Effect.try({
      try: () => parse(readFileSync(file, "utf8")) as unknown,
      catch: (cause) => wrong(causeText(cause)),
    })
    return yield* Either.mapLeft(decodeHours(written), (error) =>
      wrong(
        ParseResult.ArrayFormatter.formatErrorSync(error)
          .map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`)
          .join("; "),
      ),
    )
  })

const simulatedFrom = (given: CliOptions) =>
  Effect.all({
    tokensPerSecond: numberFrom("--simulated-rate", given.simulatedRate, 0.1, 100_000),
    timeToFirstTokenMillis: numberFrom("--simulated-first-ms", given.simulatedFirst, 0, 600_000),
    failProbability: numberFrom("--simulated-fail", given.simulatedFail, 0, 1),
    stallProbability: numberFrom("--simulated-stall", given.simulatedStall, 0, 1),
    lieProbability: numberFrom("--simulated-lie", given.simulatedLie, 0, 1),
  })

type Optionals<T> = { readonly [K in keyof T]: T[K] | undefined }

/** The same without what is undefined: an option that is not given is not there. */
const defined = <T extends object>(values: Optionals<T>): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T

/** An environment variable; an empty one is none. */
const environment = (name: string): string | undefined => process.env[name] || undefined

/** `NAME` or `NAME=OWN`. */
const modelFrom = (text: string): Effect.Effect<ModelOption, UsageError> => {
  const equals = text.indexOf("=")
  const model = equals < 0 ? text : text.slice(0, equals)
  const upstreamModel = equals < 0 ? text : text.slice(equals + 1)
  return model.trim() === "" || upstreamModel.trim() === ""
    ? new UsageError({
        argument: `--model ${text}`,
        allowed:
          "expected the market's name of a model, or NAME=OWN where the model server calls it OWN",
      })
    : Effect.succeed({ model, upstreamModel })
}

const numberFrom = (
  option: string,
  text: Option.Option<string>,
  least: number,
  most: number,
  isWhole = false,
): Effect.Effect<number | undefined, UsageError> => {
  const value = Option.map(text, (word) =>
    /^(\d+\.?\d*|\.\d+)$/.test(word) ? Number(word) : Number.NaN,
  ).pipe(Option.getOrUndefined)
  return value === undefined ||
    (value >= least && value <= most && (!isWhole || Number.isInteger(value)))
    ? Effect.succeed(value)
    : new UsageError({
        argument: `${option} ${Option.getOrElse(text, () => "")}`,
        allowed: `expected a ${isWhole ? "whole number" : "plain decimal"}, ${least} to ${most}`,
      })
}

const printJson = (event: AgentEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
const printEvent = (event: AgentEvent): void => {
  process.stdout.write(`${new Date().toISOString()} ${printable(eventText(event))}\n`)
}
const noteEvent = (event: AgentEvent): void => {
  process.stderr.write(`${printable(eventText(event))}\n`)
}

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** An event in words. */
const eventText = (event: AgentEvent): string => {
  switch (event.type) {
    case "measuring":
      return `Measuring ${event.model}; --slots and --tokens-per-second spare it`
    case "measured":
      return `${event.model}: ${event.singleTokensPerSecond.toFixed(1)} tokens/s alone, ${event.slots} streams at once at the floor or above, ${event.tokensPerSecond.toFixed(0)} tokens/s in all`
    case "registered":
      return event.isNew ? `Registered as ${event.hostId}` : `Known as ${event.hostId}`
    case "serving":
      return `Serving ${event.models.join(", ")}; Ctrl-C drains and ends`
    case "jobStarted":
      return `${event.jobId} started: ${event.model}`
    case "jobEnded":
      return `${event.jobId} ${event.end}: ${event.tokens} tokens${event.detail === undefined ? "" : `; ${event.detail}`}`
    case "disconnected":
      return `No gateway: ${event.detail}; trying again in ${seconds(event.retryMillis)}`
    case "reconnected":
      return "The gateway is back"
    case "granted":
      return `Access given for booking ${event.bookingId}, until ${event.until}`
    case "revoked":
      return `Access ended for booking ${event.bookingId}`
    case "alert":
      return `Alert ${event.alert} ${event.state}: ${Math.round(event.value * 1000) / 1000}`
    case "notice":
      return event.detail
    case "draining":
      return `Draining: ${event.jobs} jobs to finish`
    case "stopped":
      return "Stopped"
  }
}

const planDocument = (plan: HostPlan) => {
  const { registration_id: _id, ...registration } = registrationOf(plan, "dry run")
  return { registration, measurement: plan.measurement ?? null }
}

const planText = (plan: HostPlan): string => {
  const { gpus, machine, models, measurement } = plan
  const gpuRows = gpus.map((gpu) => [
    "GPU",
    [
      gpu.name,
      gpu.memoryTotalMib === undefined ? undefined : `${gpu.memoryTotalMib} MiB`,
      gpu.driver === undefined ? undefined : `driver ${gpu.driver}`,
      gpu.computeCapability === undefined ? undefined : `compute ${gpu.computeCapability}`,
    ]
      .filter((one) => one !== undefined)
      .join(", "),
  ])
  return [
    alignColumns([
      ["name", plan.name],
      ...(gpuRows.length > 0 ? gpuRows : [["GPU", plan.gpu ?? "none found by nvidia-smi"]]),
      ["CPU", `${machine.cpu}, ${machine.cpuCores} cores, ${machine.memoryMib} MiB`],
      ["disk", `${machine.diskFreeMib ?? "?"} of ${machine.diskTotalMib ?? "?"} MiB free`],
      ["backend", plan.backend],
      ...(plan.pricePerToken === undefined
        ? []
        : [["price", `${plan.pricePerToken} credits a token`]]),
    ]),
    "",
    alignColumns([
      ["model", "at the backend", "slots", "tokens/s"],
      ...models.map((one) => [
        one.model,
        one.upstream_model,
        String(one.slots),
        String(one.tokens_per_second),
      ]),
    ]),
    ...(measurement === undefined || measurement.rungs.length === 0
      ? []
      : [
          "",
          alignColumns([
            ["streams", "slowest tokens/s", "all tokens/s", "first token ms"],
            ...measurement.rungs.map((rung) => [
              String(rung.streams),
              rung.slowestTokensPerSecond.toFixed(1),
              rung.totalTokensPerSecond.toFixed(1),
              rung.timeToFirstTokenMillis.toFixed(0),
            ]),
          ]),
        ]),
  ]
    .map(printable)
    .join("\n")
}
