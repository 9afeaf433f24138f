/** The machine that the agent runs on: processors, memory, disk, operating system. */
import { statfs } from "node:fs/promises"
import * as os from "node:os"
import { Effect } from "effect"

export interface Machine {
  readonly hostname: string
  readonly cpu: string
  readonly cpuCores: number
  readonly memoryMib: number
  /** Of the file system that holds the home directory, where weights are cached. */
  readonly diskTotalMib?: number
  readonly diskFreeMib?: number
  readonly system: string
}

const mib = 1024 * 1024

/** Never fails: what cannot be found out is left out. */
export const detectMachine: Effect.Effect<Machine> = Effect.promise(async () => {
  const disk = await statfs(os.homedir()).catch(() => undefined)
  return {
    hostname: os.hostname(),
    cpu: os.cpus()[0]?.model.trim() || os.arch(),
    cpuCores: os.availableParallelism(),
    memoryMib: Math.floor(os.totalmem() / mib),
    ...(disk === undefined
      ? {}
      : {
          diskTotalMib: Math.floor((disk.blocks * disk.bsize) / mib),
          diskFreeMib: Math.floor((disk.bavail * disk.bsize) / mib),
        }),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  }
})
