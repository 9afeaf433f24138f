/**
 * Keeps a model server running as a child process: starts it, waits until it answers, starts it
 * again with backoff when it ends, and ends it with the agent. The child leads a process group of
 * its own, so that its own children end with it, and Ctrl-C reaches the agent alone, which drains.
 */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import type { Scope } from "effect"
import { Deferred, Duration, Effect, Schedule } from "effect"
import { backoff } from "../transport/backoff.ts"
import { fromPromise } from "../transport/from-promise.ts"

export interface SupervisorOptions {
  /** Program and arguments, no shell. */
  readonly command: readonly [string, ...ReadonlyArray<string>]
  /** Says how to install the program where it is not there. */
  readonly installHint: string
  /** Whether the server answers; asked again and again while it starts. */
  readonly isHealthy: (signal: AbortSignal) => Promise<boolean>
  /** For the first start to succeed; a first start loads weights, and may download them. */
  readonly startMillis?: number
  /** Between two checks. */
  readonly checkMillis?: number
  /** From SIGTERM to SIGKILL. */
  readonly graceMillis?: number
  /** The first wait before it is started again. */
  readonly firstWaitMillis?: number
  readonly onRestart?: (message: string) => void
}

export interface Supervisor {
  readonly isReady: () => boolean
}

/** A server that ran this long has started well: the next fault is a new one. */
const steadyMillis = 60_000
const mostWaitMillis = 30_000
/** So many last characters of what the server wrote to stderr are shown when it ends. */
const shownChars = 2000

/**
 * Ends once the server answers; fails where it cannot be started, or not in time. The server ends with
 * the scope.
 */
export const supervise = (
  options: SupervisorOptions,
): Effect.Effect<Supervisor, Error, Scope.Scope> =>
  Effect.gen(function* () {
    const { checkMillis = 250, graceMillis = 5000, startMillis = 600_000 } = options
    const { firstWaitMillis = 1000 } = options
    const program = options.command.join(" ")
    const started = yield* Deferred.make<void, Error>()
    let isReady = false
    let lastWords = ""

    const spawned = Effect.sync(() => {
      lastWords = ""
      return spawnServer(options, (part) => {
        lastWords = (lastWords + part).slice(-shownChars)
      })
    })
    const untilHealthy = fromPromise(options.isHealthy).pipe(
      Effect.orElseSucceed(() => false),
      Effect.repeat({ schedule: Schedule.spaced(checkMillis), until: (isHealthy) => isHealthy }),
    )
    const serving = Effect.gen(function* () {
      yield* untilHealthy
      isReady = true
      yield* Deferred.succeed(started, undefined)
      return yield* Effect.never
    })
    /** One life of the server, from its start to its end. */
    const life = Effect.acquireUseRelease(
      spawned,
      ({ exit }) =>
        Effect.raceFirst(
          fromPromise(() => exit),
          serving,
        ),
      ({ child }) =>
        Effect.promise(() => {
          isReady = false
          return endGroup(child, graceMillis)
        }),
    )
    const lives = Effect.gen(function* () {
      const waits = yield* Schedule.driver(
        backoff({ firstMillis: firstWaitMillis, mostMillis: mostWaitMillis }).pipe(
          Schedule.modifyDelay((_ceiling, wait) => {
            options.onRestart?.(
              `${program} ended${lastWords === "" ? "" : ` after saying:\n${lastWords.trim()}\n`}; it is started again in ${Duration.toSeconds(wait).toFixed(1)} s`,
            )
            return wait
          }),
        ),
      )
      for (;;) {
        const [lasted] = yield* Effect.timed(life)
        if (Duration.toMillis(lasted) > steadyMillis) yield* waits.reset
        yield* Effect.ignore(waits.next(undefined))
      }
    })
    yield* lives.pipe(
      Effect.interruptible,
      Effect.catchAll((error) => Deferred.fail(started, error)),
      Effect.forkScoped,
    )
    yield* Deferred.await(started).pipe(
      Effect.timeoutFail({
        duration: startMillis,
        onTimeout: () =>
          new Error(
            `${program} did not answer within ${startMillis / 1000} s${lastWords === "" ? "" : `; it said:\n${lastWords.trim()}`}`,
          ),
      }),
    )
    return { isReady: () => isReady }
  })

/** `exit` resolves when it ends, and rejects where it cannot be started. */
const spawnServer = (
  { command: [program, ...words], installHint }: SupervisorOptions,
  hear: (part: string) => void,
): { readonly child: ChildProcess; readonly exit: Promise<void> } => {
  const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"], detached: true })
  child.stderr.setEncoding("utf8").on("data", hear)
  const exit = new Promise<void>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new Error(`${program}: not found. ${installHint}`) : error),
    )
    child.once("exit", () => resolve())
  })
  return { child, exit }
}

/** SIGTERM to the whole group, SIGKILL to what is left after the grace. */
const endGroup = async (child: ChildProcess, graceMillis: number): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const { pid } = child
  const exit = once(child, "exit")
  signalGroup(pid, "SIGTERM")
  const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMillis)
  await exit
  clearTimeout(timer)
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal)
  } catch {
    // It ended by itself in the meantime.
  }
}
