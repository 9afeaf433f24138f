/** Whether the gateway should be sent requests, and if not, why. */
import type { LiveServices } from "../directory/services.ts"

/** What only the server knows of itself; it says so here. */
export interface ServerPhase {
  isShuttingDown: boolean
}

/** Why the gateway is not ready; empty: it is. */
export const problemsOf = async (
  { store, config }: Pick<LiveServices, "store" | "config">,
  phase: ServerPhase,
): Promise<ReadonlyArray<string>> => {
  const problems: Array<string> = []
  if (phase.isShuttingDown) problems.push("shutting down: calls under way are finished, none begun")
  const backlog = store.backlog()
  const most = config.limits.journalBacklog
  if (backlog > most)
    problems.push(`backlog: ${backlog} entries wait to be written; at most ${most}`)
  if (await isBroken(store)) problems.push("store: the data directory cannot be written")
  return problems
}

/** A broken queue rejects at once; a working one may take as long as a commit. */
const isBroken = (store: LiveServices["store"]): Promise<boolean> =>
  Promise.race([
    store.durable().then(
      () => false,
      () => true,
    ),
    new Promise<boolean>((resolve) => {
      setImmediate(() => resolve(false))
    }),
  ])
