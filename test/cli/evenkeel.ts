/** The command line as a user runs it: dist/evenkeel.js in a process of its own. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export const program = fileURLToPath(new URL("../../dist/evenkeel.js", import.meta.url))

export interface Ended {
  /** `null` where a signal ended the process that the program had not taken in hand. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `evenkeel` with these words; `during` may meddle with the process. */
export const evenkeel = (
  words: ReadonlyArray<string>,
  during: (child: ChildProcess, stderr: () => string) => void = () => {},
  { cwd, env = {} }: Surroundings = {},
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString()
      during(child, () => stderr)
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })

/** A line of a stack trace, which no user's mistake may show. */
export const stackLine = /^\s+at /m
