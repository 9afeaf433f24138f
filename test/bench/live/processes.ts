/** The processes of a benchmark: each a Node program that says on its channel where it listens. */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"

/** Called by the child, once it listens. */
export const announcePort = (
  server: Server,
  more: Readonly<Record<string, unknown>> = {},
): void => {
  process.send?.({ port: (server.address() as AddressInfo).port, ...more })
  // The parent's end is the child's.
  process.on("disconnect", () => process.exit(0))
}

export interface Started<T = object> {
  readonly url: string
  readonly said: T & { readonly port: number }
  readonly child: ChildProcess
  readonly stop: () => Promise<void>
}

/** Starts a program beside this one and waits until it listens. */
export const startProcess = async <T = object>(
  program: string,
  args: ReadonlyArray<string> = [],
): Promise<Started<T>> => {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const child = fork(file, [...args], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // As the gateway is deployed (live/deploy); its peers get the same.
    execArgv: ["--max-semi-space-size=64"],
  })
  const died = once(child, "exit").then(() => {
    throw new Error(`${program} ended before it listened`)
  })
  const [said] = (await Promise.race([once(child, "message"), died])) as [
    T & { readonly port: number },
  ]
  return {
    url: `http://127.0.0.1:${said.port}`,
    said,
    child,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill("SIGTERM")
      await once(child, "exit")
    },
  }
}

/** Resident memory of a process, bytes. */
export const residentBytes = async (child: ChildProcess): Promise<number> => {
  const { readFile } = await import("node:fs/promises")
  const status = await readFile(`/proc/${child.pid}/status`, "utf8")
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024
}
