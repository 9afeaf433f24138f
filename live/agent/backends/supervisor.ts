/**
 * Keeps a model server running as a child process: starts it, waits until it answers, starts it
 * again with backoff when it ends, and ends it with the agent. The child leads a process group of
 * its own, so that its own children end with it, and Ctrl-C reaches the agent alone, which drains.
 */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import type { Backoff } from "../transport/backoff.ts"
import { makeBackoff, pause } from "../transport/backoff.ts"

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
  readonly backoff?: Backoff
  readonly onRestart?: (message: string) => void
}

export interface Supervisor {
  /** Resolves once the server answers; rejects where it cannot be started, or not in time. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly isReady: () => boolean
}

/** A server that ran this long has started well: the next fault is a new one. */
const steadyMillis = 60_000
/** So many last characters of what the server wrote to stderr are shown when it ends. */
const shownChars = 2000

export const makeSupervisor = (options: SupervisorOptions): Supervisor => {
  const { checkMillis = 250, graceMillis = 5000, startMillis = 600_000 } = options
  const backoff = options.backoff ?? makeBackoff({ firstMillis: 1000, mostMillis: 30_000 })
  const ended = new AbortController()
  let child: ChildProcess | undefined
  let isReady = false
  let lastWords = ""
  let rounds: Promise<void> | undefined

  /** One life of the server, from its start to its end. `ready` is called once it answers. */
  const live = async (ready: () => void): Promise<void> => {
    const [program, ...words] = options.command
    lastWords = ""
    const own = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"], detached: true })
    child = own
    own.stderr.setEncoding("utf8").on("data", (part: string) => {
      lastWords = (lastWords + part).slice(-shownChars)
    })
    const over = new AbortController()
    const exit = new Promise<void>((resolve, reject) => {
      own.once("error", (error: NodeJS.ErrnoException) =>
        reject(
          error.code === "ENOENT"
            ? new Error(`${program}: not found. ${options.installHint}`)
            : error,
        ),
      )
      own.once("exit", () => resolve())
    }).finally(() => {
      isReady = false
      over.abort()
    })
    const check = async (): Promise<void> => {
      while (!over.signal.aborted) {
        if (await options.isHealthy(over.signal).catch(() => false)) {
          if (over.signal.aborted) return
          isReady = true
          return ready()
        }
        await pause(checkMillis, over.signal)
      }
    }
    await Promise.all([exit, check()])
  }

  const keepAlive = async (ready: () => void): Promise<void> => {
    while (!ended.signal.aborted) {
      const startedMillis = performance.now()
      await live(ready)
      if (ended.signal.aborted) return
      if (performance.now() - startedMillis > steadyMillis) backoff.reset()
      const waitMillis = backoff.nextMillis()
      options.onRestart?.(
        `${options.command.join(" ")} ended${lastWords === "" ? "" : ` after saying:\n${lastWords.trim()}\n`}; it is started again in ${(waitMillis / 1000).toFixed(1)} s`,
      )
      await pause(waitMillis, ended.signal)
    }
  }

  const stop = async (): Promise<void> => {
    ended.abort()
    if (child !== undefined) await endGroup(child, graceMillis)
    await rounds?.catch(() => {})
  }
  return {
    start: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(
            new Error(
              `${options.command.join(" ")} did not answer within ${startMillis / 1000} s${lastWords === "" ? "" : `; it said:\n${lastWords.trim()}`}`,
            ),
          )
          void stop()
        }, startMillis)
        rounds = keepAlive(() => {
          clearTimeout(timer)
          resolve()
        })
        rounds.catch((error: Error) => {
          clearTimeout(timer)
          reject(error)
        })
      }),
    stop,
    isReady: () => isReady,
  }
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
