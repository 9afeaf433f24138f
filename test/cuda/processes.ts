/** The programs of a run: each is started, watched until it says that it is ready, and ended. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"

export interface Program {
  /** Resolves with what `ready` makes of the output; rejects where the program ends before. */
  readonly ready: Promise<unknown>
  readonly stop: () => Promise<void>
}

const graceMillis = 15_000
const shownChars = 4000

/** Starts a program. `ready`: given all of stdout so far, what tells that it is ready, if it does. */
export const startProgram = (
  command: string,
  words: ReadonlyArray<string>,
  ready: (stdout: string) => unknown,
  env: Readonly<Record<string, string>> = {},
): Program => {
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  })
  let stderr = ""
  child.stderr.on("data", (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-shownChars)
  })
  return {
    ready: new Promise((resolve, reject) => {
      let stdout = ""
      child.stdout.on("data", (part: Buffer) => {
        stdout = (stdout + part.toString()).slice(-1_000_000)
        const said = ready(stdout)
        if (said !== undefined) resolve(said)
      })
      child.once("error", reject)
      child.once("exit", (code) =>
        reject(new Error(`${command} ${words.join(" ")} ended with ${code}:\n${stderr}`)),
      )
    }),
    stop: () => endChild(child),
  }
}

/** Runs a program to its end, and gives its output. */
export const output = async (
  command: string,
  words: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  })
  let stdout = ""
  child.stdout.on("data", (part: Buffer) => {
    stdout += part.toString()
  })
  const [code] = (await once(child, "close")) as [number | null]
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${code}`)
  return stdout
}

const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  child.kill("SIGTERM")
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMillis)
  await exit
  clearTimeout(timer)
}
