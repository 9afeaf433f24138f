/** Who is signed in, one row a browser. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { CommitQueue } from "../journal/commit-queue.ts"
import { readingTable } from "../schema/damage.ts"
import type { StoredSession } from "../../store.ts"

type Writer = Pick<CommitQueue, "write">

export const readSessions = (reader: SqlClient) =>
  readingTable("sessions")(reader.unsafe<StoredSession>("SELECT hash, session FROM sessions"))

export const putSession = (queue: Writer, { hash, session }: StoredSession): void =>
  queue.write("INSERT OR REPLACE INTO sessions (hash, session) VALUES (?, ?)", [hash, session])

export const forgetSession = (queue: Writer, hash: string): void =>
  queue.write("DELETE FROM sessions WHERE hash = ?", [hash])
