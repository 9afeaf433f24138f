/** A gateway as a process of its own, for tests that kill it. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { program } from "../../cli/evenkeel.ts"

/** A port of loopback that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

export interface Served {
  readonly process: ChildProcess
  readonly adminKey: string | undefined
}

/** Starts the gateway and waits for the document that says where it is. */
export const serve = async (folder: string, port: number): Promise<Served> => {
  const child = spawn(
    process.execPath,
    [program, "serve", "--data", join(folder, "data"), "--port", String(port)].concat([
      "--config",
      join(folder, "gateway.yaml"),
      "--json",
    ]),
    { stdio: ["ignore", "pipe", "pipe"] },
  )
  let said = ""
  let complaint = ""
  child.stderr.on("data", (part: Buffer) => (complaint += part.toString()))
  for await (const part of child.stdout) {
    said += String(part)
    if (!said.trimEnd().endsWith("\n}")) continue
    child.stdout.resume()
    const { adminKey } = JSON.parse(said) as { readonly adminKey?: string }
    return { process: child, adminKey }
  }
  throw new Error(`the gateway did not start: ${complaint}`)
}
