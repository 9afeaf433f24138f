/**
 * What one host earned, hour by hour: from the postings to its operator's earned lot, each joined to
 * the end of the call that it is for, which names the instance.
 */
import { Effect } from "effect"
import { earnedLot, lotAccount, microsPerHour } from "../../engine/index.ts"
import { balanceView, customerOf } from "../views/balance.ts"
import { creditsOf } from "../views/credits.ts"
import { earningsByHour } from "../views/earnings.ts"
import type { UnixTime } from "../views/market-time.ts"
import type { LiveServices } from "../directory/services.ts"
import { ofCustomers } from "../store/sqlite/migrations.ts"
import type { HostRecord } from "../directory/records.ts"
import { firstSeqFrom } from "../store/sqlite/stored-journal.ts"
import type { Earnings } from "../protocol/host-protocol.ts"

interface HourRow {
  readonly hour: number
  readonly jobs: number
  readonly tokens: number
  readonly gross: number
  readonly fee: number
  readonly withheld: number
  readonly earned: number
  readonly bounty: number
}

const hoursQuery = `SELECT p.at / ${microsPerHour} AS hour, count(*) AS jobs,
    sum(c.value ->> 'outputTokens') AS tokens, sum(c.value ->> 'charge') AS gross,
    sum(c.value ->> 'fee') AS fee, sum(c.value ->> 'withheld') AS withheld,
    sum(p.amount) AS earned, sum(c.value ->> 'bounty') AS bounty
  FROM postings p JOIN journal j ON j.seq = p.seq, json_each(j.commands) c
  WHERE p.credit = ? AND ${ofCustomers("p.credit")} AND p.seq >= ? AND p.kind = 'share'
    AND c.value ->> '_tag' = 'Finish' AND c.value ->> 'request' = p.reference
    AND c.value ->> 'instance' IN (SELECT value FROM json_each(?))
  GROUP BY hour ORDER BY hour`

/** The last `hours` hours of the market's clock. Hours without earnings have no entry. */
export const earningsOf = async (
  services: LiveServices,
  unixTime: UnixTime,
  host: HostRecord,
  hours: number,
): Promise<Earnings> => {
  const { directory, driver, store } = services
  const { market, clock } = driver
  const nowMicros = clock.nowMicros()
  const fromHour = Math.max(0, Math.floor(nowMicros / microsPerHour) - hours + 1)
  const lot = lotAccount(customerOf(market, host.account), earnedLot)
  const instances = JSON.stringify(directory.instancesOfHost(host.id))
  const credits = (minor: number): string => creditsOf(market, minor)
  await driver.durable()
  const rows = await Effect.runPromise(
    Effect.flatMap(
      firstSeqFrom(store.reader, store.queue.lastSeq(), fromHour * microsPerHour),
      (seq) => store.reader.unsafe<HourRow>(hoursQuery, [lot, seq, instances]),
    ),
  )
  const account = await earningsByHour(services, unixTime, host.account, hours)
  const total = (of: (row: HourRow) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0)
  return {
    host_id: host.publicId,
    from: unixTime(fromHour * microsPerHour),
    until: unixTime(nowMicros),
    hours: rows.map((row) => ({
      at: unixTime(row.hour * microsPerHour),
      jobs: row.jobs,
      output_tokens: row.tokens,
      gross: credits(row.gross),
      fee: credits(row.fee),
      withheld: credits(row.withheld),
      earned: credits(row.earned),
      bounty_claimed: credits(row.bounty),
    })),
    total: {
      jobs: total((row) => row.jobs),
      output_tokens: total((row) => row.tokens),
      earned: credits(total((row) => row.earned)),
    },
    account: {
      balance: balanceView(market, host.account),
      bounties: account.filter(({ kind }) => kind !== "share"),
    },
  }
}
