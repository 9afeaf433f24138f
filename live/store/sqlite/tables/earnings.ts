/** What was earned, from the postings and the ends of calls that they are for. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { microsPerHour } from "../../../../engine/index.ts"
import type { EarningsRow, HostHour } from "../../store.ts"
import { firstSeqFrom } from "../journal/stored-journal.ts"
import { ofCustomers } from "../schema/migrations.ts"

const earningsQuery = (lots: number): string => `SELECT at / ${microsPerHour} AS hour, kind,
    sum(amount) AS total FROM postings
  WHERE credit IN (${Array.from({ length: lots }, () => "?").join(", ")})
    AND ${ofCustomers("credit")} AND seq >= ?
    AND kind IN ('share', 'bounty', 'vestingBounty')
  GROUP BY hour, kind ORDER BY hour, kind`

export const readEarnings = (
  reader: SqlClient,
  lastSeq: number,
  lots: ReadonlyArray<number>,
  fromMicros: number,
): Effect.Effect<ReadonlyArray<EarningsRow>, SqlError> =>
  Effect.flatMap(firstSeqFrom(reader, lastSeq, fromMicros), (seq) =>
    reader.unsafe<EarningsRow>(earningsQuery(lots.length), [...lots, seq]),
  )

const hoursQuery = `SELECT p.at / ${microsPerHour} AS hour, count(*) AS jobs,
    sum(c.value ->> 'outputTokens') AS tokens, sum(c.value ->> 'charge') AS gross,
    sum(c.value ->> 'fee') AS fee, sum(c.value ->> 'withheld') AS withheld,
    sum(p.amount) AS earned, sum(c.value ->> 'bounty') AS bounty
  FROM postings p JOIN journal j ON j.seq = p.seq, json_each(j.commands) c
  WHERE p.credit = ? AND ${ofCustomers("p.credit")} AND p.seq >= ? AND p.kind = 'share'
    AND c.value ->> '_tag' = 'Finish' AND c.value ->> 'request' = p.reference
    AND c.value ->> 'instance' IN (SELECT value FROM json_each(?))
  GROUP BY hour ORDER BY hour`

/** Each posting to the lot is joined to the end of the call that it is for, which names the instance. */
export const readHostEarnings = (
  reader: SqlClient,
  lastSeq: number,
  lot: number,
  instances: ReadonlyArray<number>,
  fromMicros: number,
): Effect.Effect<ReadonlyArray<HostHour>, SqlError> =>
  Effect.flatMap(firstSeqFrom(reader, lastSeq, fromMicros), (seq) =>
    reader.unsafe<HostHour>(hoursQuery, [lot, seq, JSON.stringify(instances)]),
  )
