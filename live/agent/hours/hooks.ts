/**
 * How a host gives access to hours that it sold: an address made of a pattern, or programs that are run at
 * the start and at the end. Programs are run as they are, without a shell: nothing of a booking can become a
 * command.
 */
import { execFile } from "node:child_process"
import type { HostBooking } from "../../protocol/hours-protocol.ts"
import { mostAccessBytes } from "../../protocol/hours-protocol.ts"
import { AgentError } from "../plan/options.ts"
import type { GrantOptions } from "../plan/grant-options.ts"

/** What the consumer is given, and where it can be seen to be up. */
export interface Access {
  readonly access?: string
  readonly probeUrl?: string
}

export interface GrantHooks {
  /** Also of hours that the agent has forgotten that it began: it is then to give the same again. */
  readonly start: (booking: HostBooking) => Promise<Access>
  /** Also of hours that it knows nothing of. */
  readonly stop: (booking: HostBooking) => Promise<void>
}

const longestRunMillis = 300_000

const valuesOf = ({ booking_id, start, end, jobs, memory_gib, consumer }: HostBooking) => ({
  booking_id,
  start,
  end,
  jobs: String(jobs),
  memory_gib: String(memory_gib),
  consumer,
})

const filled = (pattern: string, booking: HostBooking): string =>
  Object.entries(valuesOf(booking)).reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, value),
    pattern,
  )

const run = (words: ReadonlyArray<string>, booking: HostBooking): Promise<string> =>
  new Promise((resolve, reject) => {
    const [program = "", ...given] = words.map((word) => filled(word, booking))
    const own = Object.fromEntries(
      Object.entries(valuesOf(booking)).map(([name, value]) => [
        `EVENKEEL_${name.toUpperCase()}`,
        value,
      ]),
    )
    execFile(
      program,
      given,
      {
        encoding: "utf8",
        env: { ...process.env, ...own },
        maxBuffer: mostAccessBytes,
        timeout: longestRunMillis,
        killSignal: "SIGKILL",
      },
      (error, stdout, stderr) =>
        error === null
          ? resolve(stdout.trimEnd())
          : reject(new AgentError({ message: `${program}: ${stderr.trim() || error.message}` })),
    )
  })

/** Throws where the options do not fit together. */
export const hooksFrom = ({ endpoint, start, stop, probeUrl }: GrantOptions): GrantHooks => {
  if ((endpoint === undefined) === (start === undefined))
    throw new AgentError({
      message: "Hours are given by `endpoint` or by the program `start`: expected one of them",
    })
  if (start?.length === 0 || stop?.length === 0)
    throw new AgentError({ message: "A program is a list of words that is not empty" })
  return {
    start: async (booking) => {
      const access =
        start === undefined ? filled(endpoint ?? "", booking) : await run(start, booking)
      return {
        ...(access === "" ? {} : { access }),
        ...(probeUrl === undefined ? {} : { probeUrl: filled(probeUrl, booking) }),
      }
    },
    stop: async (booking) => {
      if (stop !== undefined) await run(stop, booking)
    },
  }
}
