/** Threads that run a program of the package. */
import { Worker } from "node:worker_threads"
import { builtProgram } from "./package.ts"

/**
 * Starts a thread. One that cannot load its program is a broken package, and ends the process: the
 * library that talks with it would start it again and again, and no signal would stop that.
 */
export const startThread = (program: string): Worker => {
  const thread = new Worker(builtProgram(program))
  const fail = (cause: unknown) => {
    throw new Error(`Evenkeel's ${program} cannot be started; is the package whole?`, { cause })
  }
  thread.once("error", fail)
  thread.once("message", () => thread.off("error", fail))
  return thread
}
