/**
 * What the agent keeps between two starts: which host it is at which gateway, and the host's key. One
 * file for one gateway, readable by its owner alone (mode 0600) and replaced in one step, so that a
 * crash leaves the old one or the new one.
 */
import { createHash, randomUUID } from "node:crypto"
import { chmod, mkdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { Data, Schema } from "effect"

const DeclaredModel = Schema.Struct({
  model: Schema.String,
  upstream_model: Schema.String,
  slots: Schema.Int,
  tokens_per_second: Schema.Int,
})
export type DeclaredModel = typeof DeclaredModel.Type

const AgentState = Schema.Struct({
  version: Schema.Literal(1),
  gateway: Schema.String,
  /** Names this registration, so that a repeated one is no second host. */
  registrationId: Schema.String,
  hostId: Schema.optionalWith(Schema.String, { exact: true }),
  apiKey: Schema.optionalWith(Schema.String, { exact: true }),
  /** What was registered; it is measured once. */
  models: Schema.Array(DeclaredModel),
})
export type AgentState = typeof AgentState.Type

/** Where the state of one gateway is kept. */
export interface StateKeeper {
  readonly read: () => Promise<AgentState | undefined>
  readonly write: (state: AgentState) => Promise<void>
}

export const stateKeeper = (file: string, gateway: URL): StateKeeper => ({
  read: () => readState(file, gateway),
  write: (state) => writeState(file, state),
})

class StateFileUnusable extends Data.TaggedError("StateFileUnusable")<{
  readonly message: string
}> {}

/** `$XDG_STATE_HOME/evenkeel/agent-<gateway>.json`, by default below `~/.local/state`. */
export const defaultStateFile = (gateway: URL): string => {
  const folder = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state")
  const digest = createHash("sha256").update(gatewayName(gateway)).digest("hex").slice(0, 8)
  return join(folder, "evenkeel", `agent-${gateway.hostname}-${digest}.json`)
}

/** A gateway's address in one spelling. */
export const gatewayName = (gateway: URL): string =>
  gateway.origin + gateway.pathname.replace(/\/+$/, "")

/** The state of this gateway, or `undefined` where there is none yet. */
export const readState = async (file: string, gateway: URL): Promise<AgentState | undefined> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw new StateFileUnusable({ message: `${resolve(file)} cannot be read: ${error.message}` })
  })
  if (text === undefined) return undefined
  const state = await Schema.decodeUnknownPromise(Schema.parseJson(AgentState))(text).catch(() => {
    throw new StateFileUnusable({
      message: `${resolve(file)} is no state file of an agent. Name another with --state, or remove it to register a new host`,
    })
  })
  if (state.gateway !== gatewayName(gateway))
    throw new StateFileUnusable({
      message: `${resolve(file)} belongs to the gateway ${state.gateway}, not to ${gatewayName(gateway)}. Name another with --state`,
    })
  // Someone may have copied it with laxer rights; the key in it must not stay readable.
  if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600)
  return state
}

export const writeState = async (file: string, state: AgentState): Promise<void> => {
  try {
    await mkdir(dirname(resolve(file)), { recursive: true, mode: 0o700 })
    await writePrivate(file, state)
  } catch (error) {
    throw new StateFileUnusable({
      message: `${resolve(file)} cannot be written: ${(error as Error).message}. Name another with --state`,
    })
  }
}

/** JSON for its owner alone, replaced in one step. */
export const writePrivate = async (file: string, document: unknown): Promise<void> => {
  // By chance: in containers, agents that share the folder may well have the same process id.
  const next = `${file}.${randomUUID()}.new`
  try {
    await writeFile(next, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600, flush: true })
    await rename(next, file)
  } catch (error) {
    await unlink(next).catch(() => {})
    throw error
  }
}
