/**
 * `evenkeel calibrate`: measures a model server that runs somewhere, and writes what it found as a
 * device profile that a scenario can name in `fleet.profiles`.
 */
import { FileSystem, Path } from "@effect/platform"
import { Data, Effect, Option, ParseResult, Schema } from "effect"
import { stringify } from "yaml"
import type { ProfileFit } from "../calibration/fit-profile.ts"
import { fitProfile } from "../calibration/fit-profile.ts"
import { climb } from "../calibration/ladder.ts"
import { DeviceProfile } from "../fleet/device-profile.ts"
import { findDevice } from "../fleet/devices.ts"
import type { Model, Quantisation } from "../fleet/models.ts"
import { findModel, models } from "../fleet/models.ts"
import { contextCapacityTokens } from "../fleet/service-model.ts"
import { replaceFile } from "../../platform/replace-file.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const options = {
  endpoint: Parameter.text(
    "endpoint",
    "URL",
    "The server's OpenAI-compatible API: http://127.0.0.1:8000/v1.",
  ),
  model: Parameter.text("model", "NAME", "The model, as the server calls it."),
  as: Parameter.optional(
    Parameter.text(
      "as",
      "MODEL",
      `The catalogue's model that it is, where the server calls it otherwise: ${models.map(({ name }) => name).join(", ")}.`,
    ),
  ),
  quantisation: Parameter.withDefault(
    Parameter.choice(
      "quantisation",
      ["q4", "f16"],
      "How its weights are stored, as scenarios say it; q4 by default.",
    ),
    "q4",
  ),
  device: Parameter.withDefault(
    Parameter.text(
      "device",
      "NAME",
      "What the profile is called. A device of the catalogue gives the profile its watts, rent and memory as well.",
    ),
    "measured device",
  ),
  concurrency: Parameter.withDefault(
    Parameter.text(
      "concurrency",
      "LIST",
      "Streams at once, rising, 1 to 256 each; 1,2,4,8 by default. It has to begin with 1.",
    ),
    "1,2,4,8",
  ),
  promptTokens: Parameter.withDefault(
    Parameter.text(
      "prompt-tokens",
      "N",
      "Longest prompt, 64 to 100000; 1024 by default. An eighth and a half of it are measured as well.",
    ),
    "1024",
  ),
  outputTokens: Parameter.withDefault(
    Parameter.text("output-tokens", "N", "Tokens of an answer, 16 to 4096; 128 by default."),
    "128",
  ),
  repeats: Parameter.withDefault(
    Parameter.text(
      "repeats",
      "N",
      "How often each rung is measured at each prompt length, 2 to 100; 3 by default.",
    ),
    "3",
  ),
  contextTokens: Parameter.optional(
    Parameter.text(
      "context-tokens",
      "N",
      "Tokens of context, of all streams together, for which the server has memory. By default what the catalogue's device would have; without either it is not limited.",
    ),
  ),
  timeout: Parameter.withDefault(
    Parameter.text(
      "timeout",
      "SECONDS",
      "Longest silence of the server, 1 to 3600; 60 by default. A whole answer may take ten times as long.",
    ),
    "60",
  ),
  keyEnv: Parameter.optional(
    Parameter.text(
      "key-env",
      "VARIABLE",
      "The environment variable that holds the server's key, where it wants one.",
    ),
  ),
  seed: Parameter.withDefault(
    Parameter.text(
      "seed",
      "TEXT",
      "What the prompts' words and the intervals are drawn from; evenkeel by default.",
    ),
    "evenkeel",
  ),
  out: Parameter.optional(
    Parameter.text(
      "out",
      "FILE",
      "Where the profile goes (YAML), replacing an earlier one. Without it, the profile is only shown.",
    ),
  ),
  json: jsonOption,
}

/** What was measured does not determine the parameters. */
class CalibrationFailed extends Data.TaggedError("CalibrationFailed")<{
  readonly message: string
}> {}

export const calibrateCommand = Command.make({
  parameters: options,
  run: (given) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointFrom(given.endpoint)
      const model = yield* modelFrom(given.model, given.as)
      const concurrencies = yield* concurrenciesFrom(given.concurrency)
      const promptTokens = yield* wholeFrom("prompt-tokens", given.promptTokens, 64, 100_000)
      const outputTokens = yield* wholeFrom("output-tokens", given.outputTokens, 16, 4096)
      const repeats = yield* wholeFrom("repeats", given.repeats, 2, 100)
      const timeoutSeconds = yield* wholeFrom("timeout", given.timeout, 1, 3600)
      const capacity = yield* Effect.transposeOption(
        Option.map(given.contextTokens, (words) =>
          wholeFrom("context-tokens", words, 1, 1_000_000_000),
        ),
      )
      const key = yield* Effect.transposeOption(Option.map(given.keyEnv, keyFrom))
      yield* Option.match(given.out, { onNone: () => Effect.void, onSome: refuseUnwritable })
      const unnamed = yield* profileOf(given.device, model, given.quantisation, capacity)

      const promptLengths = [promptTokens / 8, promptTokens / 2, promptTokens].map(Math.round)
      const { rounds, endedBecause } = yield* climb(
        {
          endpoint,
          model: given.model,
          key: Option.getOrUndefined(key),
          timeoutMillis: 1000 * timeoutSeconds,
          limitMillis: 10_000 * timeoutSeconds,
        },
        {
          concurrencies,
          promptLengths,
          outputTokens,
          repeats,
          seed: given.seed,
          onRound: (done, total) =>
            Math.floor((10 * done) / total) > Math.floor((10 * (done - 1)) / total)
              ? note(`${done} of ${total} rounds`)
              : Effect.void,
        },
      )
      if (endedBecause !== undefined) yield* note(`The ladder ended early. ${endedBecause}`)
      const fit = fitProfile(rounds, given.seed)
      if ("undetermined" in fit)
        return yield* new CalibrationFailed({
          message: `Not enough to go by: ${fit.undetermined}.`,
        })
      if (fit.slots === Math.max(...concurrencies))
        yield* note(
          `Even ${fit.slots} streams at once made more tokens than fewer; a longer --concurrency may find more slots.`,
        )
      const profile = yield* unnamed(fit)
      const command = commandAgain(given)
      yield* Option.match(given.out, {
        onNone: () => Effect.void,
        onSome: (file) => writeProfile(file, profileText(profile, fit, command)),
      })
      const document = {
        endpoint: `${endpoint.origin}${endpoint.pathname}`,
        model: given.model,
        command,
        seed: given.seed,
        rounds: rounds.length,
        endedBecause: endedBecause ?? null,
        file: Option.getOrNull(given.out),
        fit,
        profile,
      }
      yield* printResult(given.json, document, () =>
        printable(
          [
            fitText(fit),
            "",
            ...(Option.isNone(given.out)
              ? ["The profile; --out FILE keeps it:", "", stringify(profile).trimEnd()]
              : [usageText(given.out.value, profile.name)]),
          ].join("\n"),
        ),
      )
    }),
})

const refused = (argument: string, allowed: string) => new UsageError({ argument, allowed })

const endpointFrom = (words: string): Effect.Effect<URL, UsageError> => {
  const url = URL.canParse(words) ? new URL(words) : undefined
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:"))
    return refused(`--endpoint ${words}`, "expected an address such as http://127.0.0.1:8000/v1")
  // Not shown: it may be a password.
  if (url.username !== "" || url.password !== "")
    return refused("--endpoint", "an address with a name and password; give a key by --key-env")
  if (url.search !== "" || url.hash !== "")
    return refused("--endpoint", "the address of an API has no ? and no #")
  return Effect.succeed(url)
}

const modelFrom = (served: string, as: Option.Option<string>): Effect.Effect<Model, UsageError> => {
  const name = Option.getOrElse(as, () => served)
  const model = findModel(name)
  if (model !== undefined) return Effect.succeed(model)
  const names = models.map((one) => one.name).join(", ")
  return Option.isSome(as)
    ? refused(`--as ${name}`, `expected one of ${names}`)
    : refused(
        `--model ${name}`,
        `the catalogue has no model of that name; say by --as which of its models it is: ${names}`,
      )
}

const mostRungs = 12

const concurrenciesFrom = (words: string): Effect.Effect<ReadonlyArray<number>, UsageError> => {
  const numbers = words.split(",").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : NaN))
  const isRising = numbers.every(
    (value, i) => value >= 1 && value <= 256 && (i === 0 ? value === 1 : value > numbers[i - 1]),
  )
  return isRising && numbers.length >= 2 && numbers.length <= mostRungs
    ? Effect.succeed(numbers)
    : refused(
        `--concurrency ${words}`,
        `expected 2 to ${mostRungs} rising whole numbers that begin with 1, to 256, such as 1,2,4,8`,
      )
}

const wholeFrom = (
  name: string,
  words: string,
  least: number,
  most: number,
): Effect.Effect<number, UsageError> => {
  const value = /^\d{1,12}$/.test(words) ? Number(words) : NaN
  return value >= least && value <= most
    ? Effect.succeed(value)
    : refused(`--${name} ${words}`, `expected a whole number, ${least} to ${most}`)
}

/** The key never stands on the command line, where every user of the machine could read it. */
const keyFrom = (variable: string): Effect.Effect<string, UsageError> => {
  const key = process.env[variable]
  if (key === undefined || key === "")
    return refused(`--key-env ${variable}`, "there is no such environment variable, or it is empty")
  // A header takes nothing else.
  return /^[\x21-\x7e]+$/.test(key)
    ? Effect.succeed(key)
    : refused(`--key-env ${variable}`, "its value is no key: it has spaces or control characters")
}

/** Fails now rather than after minutes of measuring. */
const refuseUnwritable = (file: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.dirname(file)
    yield* files.makeDirectory(folder, { recursive: true }).pipe(
      Effect.zipRight(
        Effect.scoped(files.makeTempDirectoryScoped({ directory: folder, prefix: ".evenkeel-" })),
      ),
      Effect.mapError(() => refused(`--out ${file}`, "cannot be written to; name a file that can")),
    )
    const isFree = yield* files.stat(file).pipe(
      Effect.map(({ type }) => type === "File"),
      Effect.orElseSucceed(() => true),
    )
    if (!isFree) return yield* refused(`--out ${file}`, "is not a file")
  })

const writeProfile = (file: string, contents: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    yield* replaceFile(file, (path) => files.writeFileString(path, contents))
  }).pipe(
    Effect.mapError(({ message }) => refused(`--out ${file}`, `could not be written: ${message}`)),
  )

/** Assumption, where the catalogue does not know the device: a desktop machine under load. */
const UNKNOWN_DEVICE = {
  deviceClass: "consumer",
  watts: { low: 300, high: 300 },
  rentUsdPerHour: null,
  storageGbs: 2,
} as const

/** What is known before anything is measured: everything but the fit. */
const profileOf = (
  deviceName: string,
  model: Model,
  quantisation: Quantisation,
  capacity: Option.Option<number>,
) => {
  const device = findDevice(deviceName)
  const computed = device && contextCapacityTokens({ device, model, quantisation })
  const of = (fit: ProfileFit) =>
    Schema.decodeUnknown(DeviceProfile)({
      name: device === undefined ? deviceName : `${deviceName} (measured)`,
      deviceClass: (device ?? UNKNOWN_DEVICE).deviceClass,
      watts: (device ?? UNKNOWN_DEVICE).watts,
      rentUsdPerHour: (device ?? UNKNOWN_DEVICE).rentUsdPerHour,
      storageGbs: (device ?? UNKNOWN_DEVICE).storageGbs,
      models: [
        {
          name: model.name,
          quantisation,
          ...parametersOf(fit, ({ value }) => digits(value)),
          slots: fit.slots,
          // A device that serves the model has room for it, whatever the catalogue computes.
          contextCapacityTokens: Option.getOrElse(capacity, () =>
            computed === undefined || computed === 0 ? null : computed,
          ),
          intervals: parametersOf(fit, ({ low, high }) => ({
            low: digits(low),
            high: digits(high),
          })),
        },
      ],
    }).pipe(
      Effect.mapError(
        (error) =>
          new CalibrationFailed({
            message: `What was measured makes no profile: ${ParseResult.ArrayFormatter.formatErrorSync(
              error,
            )
              .map(({ path, message }) => `${path.map(String).join(".")}: ${message}`)
              .join("; ")}`,
          }),
      ),
    )
  // The name is the user's, and had better be wrong now than after the measurement.
  return /^[^\p{Cc}\p{Bidi_Control}]{1,80}$/u.test(deviceName) && deviceName.trim() === deviceName
    ? Effect.succeed(of)
    : refused(`--device ${deviceName}`, "expected a name of 1 to 80 characters on one line")
}

const parameters = [
  "stepMicros",
  "streamMicros",
  "contextMicrosPerToken",
  "prefillMicrosPerToken",
  "overheadMicros",
] as const

type Parameter = (typeof parameters)[number]

const parametersOf = <A>(fit: ProfileFit, of: (estimated: ProfileFit[Parameter]) => A) =>
  Object.fromEntries(parameters.map((name) => [name, of(fit[name])]))

/** Far finer than any interval. */
const digits = (value: number): number => Number(value.toPrecision(6))

/** The command without the key, which only its variable's name stands for. */
const commandAgain = (
  given: {
    readonly [
      K in "endpoint" | "model" | "quantisation" | "device" | "concurrency" | "seed"
    ]: string
  } & { readonly [K in "promptTokens" | "outputTokens" | "repeats" | "timeout"]: string } & {
    readonly [K in "as" | "contextTokens" | "keyEnv" | "out"]: Option.Option<string>
  },
): string => {
  const option = (name: string, value: string): string =>
    `--${name}${value.startsWith("-") ? "=" : " "}${quoteForShell(value)}`
  const maybe = (name: string, value: Option.Option<string>): ReadonlyArray<string> =>
    Option.match(value, { onNone: () => [], onSome: (one) => [option(name, one)] })
  return [
    "npx evenkeel calibrate",
    option("endpoint", given.endpoint),
    option("model", given.model),
    ...maybe("as", given.as),
    option("quantisation", given.quantisation),
    option("device", given.device),
    option("concurrency", given.concurrency),
    option("prompt-tokens", given.promptTokens),
    option("output-tokens", given.outputTokens),
    option("repeats", given.repeats),
    ...maybe("context-tokens", given.contextTokens),
    option("timeout", given.timeout),
    ...maybe("key-env", given.keyEnv),
    option("seed", given.seed),
    ...maybe("out", given.out),
  ].join(" ")
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`

const profileText = (profile: DeviceProfile, fit: ProfileFit, command: string): string =>
  [
    "# A device profile: one server as it was measured, for a scenario's fleet.profiles.",
    `# ${printable(command).replaceAll("\n", " ")}`,
    `# Errors on the measured rounds: decoding ${percent(fit.decodeResiduals.mean)} on average, ${percent(fit.decodeResiduals.max)} at most; first tokens ${percent(fit.prefillResiduals.mean)} and ${percent(fit.prefillResiduals.max)}.`,
    "# Intervals are at 95%. Times are microseconds; watts, rent and storage are not measured.",
    stringify(profile, { lineWidth: 0 }),
  ].join("\n")

const meanings: Readonly<Record<Parameter, string>> = {
  stepMicros: "µs  a decode step, before streams and context",
  streamMicros: "µs  more for each stream",
  contextMicrosPerToken: "µs  more for each token of context, of all streams",
  prefillMicrosPerToken: "µs  to read a token of a prompt",
  overheadMicros: "µs  to the first token, whatever the prompt (not simulated)",
}

const fitText = (fit: ProfileFit): string => {
  const short = (value: number): string => String(Number(value.toPrecision(4)))
  return [
    alignColumns([
      ["streams", "at once", "tokens/s", "tokens/s a stream", "first token, ms"],
      ...fit.rungs.map((rung) => [
        String(rung.concurrency),
        String(rung.streamsAtOnce),
        short(rung.tokensPerSecond),
        rung.streamTokensPerSecond === null ? "" : short(rung.streamTokensPerSecond),
        short(rung.meanFirstTokenMillis),
      ]),
    ]),
    "",
    alignColumns([
      ["parameter", "value", "95%", "meaning"],
      ...parameters.map((name) => [
        name,
        short(fit[name].value),
        `${short(fit[name].low)} to ${short(fit[name].high)}`,
        meanings[name],
      ]),
      ["slots", String(fit.slots), "", "streams at once, as far as more of them made more tokens"],
    ]),
    "",
    `Errors on the measured rounds: decoding ${percent(fit.decodeResiduals.mean)} on average, ${percent(fit.decodeResiduals.max)} at most, of ${fit.decodeResiduals.rounds}; first tokens ${percent(fit.prefillResiduals.mean)} and ${percent(fit.prefillResiduals.max)}, of ${fit.prefillResiduals.rounds}.`,
  ].join("\n")
}

const usageText = (file: string, name: string): string =>
  [
    `${file} holds the profile. In a scenario:`,
    "",
    stringify({ fleet: { profiles: [file], devices: [{ device: name, weight: 1 }] } }).trimEnd(),
  ].join("\n")
