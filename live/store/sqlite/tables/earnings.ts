/** What was earned, from the postings and the ends of calls that they are for. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { CallerPayRow, EarningsRow, PayQuery, PayRow, Spans } from "../../store.ts"
import { firstSeqFrom } from "../journal/stored-journal.ts"
import { ofCustomers } from "../schema/migrations.ts"

/** Takes the origin and the length; as integers, so that the division is one of integers. */
const spanOf = (at: string): string => `(${at} + CAST(? AS INTEGER)) / CAST(? AS INTEGER)`

const earningsQuery = (lots: number): string => `SELECT ${spanOf("at")} AS span, kind,
    credit AS lot, sum(amount) AS total FROM postings
  WHERE credit IN (${Array.from({ length: lots }, () => "?").join(", ")})
    AND ${ofCustomers("credit")} AND seq >= ?
    AND kind IN ('share', 'rentShare', 'bounty', 'vestingBounty', 'vested')
  GROUP BY span, kind, credit ORDER BY span, kind, credit`

export const readEarnings = (
  reader: SqlClient,
  lastSeq: number,
  lots: ReadonlyArray<number>,
  { fromMicros, lengthMicros, originMicros }: Spans,
): Effect.Effect<ReadonlyArray<EarningsRow>, SqlError> =>
  Effect.flatMap(firstSeqFrom(reader, lastSeq, fromMicros), (seq) =>
    reader.unsafe<EarningsRow>(earningsQuery(lots.length), [
      originMicros,
      lengthMicros,
      ...lots,
      seq,
    ]),
  )

/** A call that gifts paid in part has two postings: they are one again before calls are counted. */
const paidCalls = `WITH paid AS (
    SELECT seq, reference, at, sum(amount) AS total, sum(iif(credit = ?, amount, 0)) AS gift
    FROM postings
    WHERE credit IN (?, ?) AND ${ofCustomers("credit")} AND seq >= ? AND kind = 'share'
    GROUP BY seq, reference
  )`
const endsOfThem = `c.value ->> '_tag' = 'Finish' AND c.value ->> 'request' = p.reference
    AND c.value ->> 'instance' IN (SELECT value FROM json_each(?))`

const payQuery = `${paidCalls}
  SELECT ${spanOf("p.at")} AS span, c.value ->> 'instance' AS instance, count(*) AS jobs,
    sum(c.value ->> 'outputTokens') AS tokens, sum(c.value ->> 'charge') AS gross,
    sum(c.value ->> 'fee') AS fee, sum(c.value ->> 'withheld') AS withheld,
    sum(p.total - p.gift) AS earned, sum(p.gift) AS gift, sum(c.value ->> 'bounty') AS bounty
  FROM paid p JOIN journal j ON j.seq = p.seq, json_each(j.commands) c
  WHERE ${endsOfThem}
  GROUP BY span, instance ORDER BY span, instance`

const callerQuery = `${paidCalls}
  SELECT ${spanOf("p.at")} AS span, r.account AS account, r.model AS model, count(*) AS jobs,
    sum(c.value ->> 'charge') AS gross, sum(c.value ->> 'fee') AS fee, sum(p.total) AS share,
    sum(coalesce(j.event ->> 'decodeMicros', 0)) AS decodeMicros
  FROM paid p JOIN journal j ON j.seq = p.seq, json_each(j.commands) c
    LEFT JOIN receipts r ON r.request = p.reference
  WHERE ${endsOfThem}
  GROUP BY span, r.account, r.model ORDER BY span, r.account, r.model`

/** Each posting to the lots is joined to the end of the call that it is for, which names the instance. */
const readPaidCalls =
  <Row extends object>(statement: string) =>
  (
    reader: SqlClient,
    lastSeq: number,
    { earnedLot, giftLot, instances, fromMicros, lengthMicros, originMicros }: PayQuery,
  ): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
    Effect.flatMap(firstSeqFrom(reader, lastSeq, fromMicros), (seq) =>
      reader.unsafe<Row>(statement, [
        giftLot,
        earnedLot,
        giftLot,
        seq,
        originMicros,
        lengthMicros,
        JSON.stringify(instances),
      ]),
    )

export const readPay = readPaidCalls<PayRow>(payQuery)
export const readPayByCaller = readPaidCalls<CallerPayRow>(callerQuery)
