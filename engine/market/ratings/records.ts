/**
 * What is noted of a provider's hours (docs/rules.md#reputation), under its party's first account: hours that
 * were sold and those of them that were delivered, bookings that began in time.
 */
import type { TrackRecord } from "../../rules/ratings.ts"
import { dayOf, emptyRecord, recordOn } from "../../rules/ratings.ts"
import { lookAgain } from "../admission/probes.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"

/** What is remembered of a party, as it stands today. */
export const recordOf = ({ records, rules, now }: Market, party: number): TrackRecord => {
  const record = records.get(party)
  return record === undefined ? emptyRecord(dayOf(now)) : recordOn(rules, record, dayOf(now))
}

/** Hours have come due: so long was sold, and so much of it delivered. */
export const noteHours = (
  market: Market,
  provider: number,
  consumer: number,
  soldMicros: number,
  deliveredMicros: number,
): void =>
  note(market, provider, consumer, (record) => ({
    soldMicros: record.soldMicros + soldMicros,
    deliveredMicros: record.deliveredMicros + deliveredMicros,
  }))

/** A booking has begun, or should have. Whatever else is measured against a promised time is noted here too. */
export const noteStart = (
  market: Market,
  provider: number,
  consumer: number,
  isOnTime: boolean,
): void =>
  note(market, provider, consumer, (record) => ({
    starts: record.starts + 1,
    onTime: record.onTime + (isOnTime ? 1 : 0),
  }))

const note = (
  market: Market,
  provider: number,
  consumer: number,
  change: (record: TrackRecord) => Partial<TrackRecord>,
): void => {
  const party = partyOf(market, provider)
  if (market.rules.areLinkedUnrated && partyOf(market, consumer) === party) return
  const record = recordOf(market, party)
  setRecord(market, party, { ...record, ...change(record) })
}

/** Where a reputation weighs in lotteries, the party's instances have other weights from now on. */
export const setRecord = (market: Market, party: number, record: TrackRecord): void => {
  market.records.set(party, record)
  if (market.rules.reputationTieWeight === 0) return
  const { columns, ids, used } = market.instances
  for (let instance = 0; instance < used; instance++)
    if (ids[instance] !== -1 && columns.operator[instance] === party) lookAgain(market, instance)
}
