/**
 * Ratings (docs/rules.md#reputation): a booking that is over can be rated once, by who had it. Where each party has
 * one voice about a provider, its latest rating is what it says, whatever it said before.
 */
import { insert, isPresent, remove, slotOf } from "../../core/table.ts"
import { isWhole, microsPerDay } from "../../core/units.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Voice } from "../../rules/ratings.ts"
import { mostStars, voiceWeight } from "../../rules/ratings.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { recordOf, setRecord } from "./records.ts"

/** A booking is over: who had it may say how it was. `paid`: with credits of its own, minor units. */
export const openRating = (
  market: Market,
  id: number,
  consumer: number,
  provider: number,
  paid: number,
): void => {
  const slot = insert(market.rateable, id)
  const { columns } = market.rateable
  columns.consumer[slot] = consumer
  columns.provider[slot] = provider
  columns.paid[slot] = paid
  columns.until[slot] = market.now + market.rules.ratingWindowMicros
}

export const onRatingGiven = (
  market: Market,
  event: EventOf<"RatingGiven">,
): Rejection | undefined => {
  const { stars } = event
  if (!isWhole(stars) || stars < 1 || stars > mostStars) return "InvalidQuantity"
  const slot = slotOf(market.rateable, event.booking)
  if (slot < 0) return isPresent(market.bookings, event.booking) ? "WrongPhase" : "UnknownBooking"
  const by = slotOf(market.accounts, event.by)
  if (by < 0) return "UnknownAccount"
  const { consumer, paid, provider, until } = market.rateable.columns
  if (until[slot] <= market.now) return "UnknownBooking"
  if (consumer[slot] !== by) return "NotParty"
  const rater = partyOf(market, by)
  const party = partyOf(market, provider[slot])
  if (market.rules.areLinkedUnrated && rater === party) return "Linked"
  const weight = voiceWeight(market.rules, paid[slot])
  if (weight === 0) return "NotPaid"
  const record = recordOf(market, party)
  if (market.rules.hasOneVoice) {
    const before = record.voices.find((voice) => voice.party === rater)
    if (before !== undefined && market.now < before.at + market.rules.voiceMicros) return "TooSoon"
    const voice = { party: rater, at: market.now, booking: event.booking, weight, stars }
    setRecord(market, party, { ...record, voices: withVoice(record.voices, voice) })
  } else
    setRecord(market, party, {
      ...record,
      weight: record.weight + weight,
      stars: record.stars + weight * stars,
    })
  remove(market.rateable, slot)
  return undefined
}

/** By party; of one party's the latest. */
const withVoice = (voices: ReadonlyArray<Voice>, voice: Voice): ReadonlyArray<Voice> => {
  const [before] = voices.filter(({ party }) => party === voice.party)
  if (before !== undefined && isLater(before, voice)) return voices
  return [...voices.filter(({ party }) => party !== voice.party), voice].toSorted(
    (a, b) => a.party - b.party,
  )
}

const isLater = (one: Voice, other: Voice): boolean =>
  one.at > other.at || (one.at === other.at && one.booking > other.booking)

/** Two parties were found to be one: as providers, and as those who have rated. */
export const joinRecords = (market: Market, kept: number, joined: number): void => {
  const one = recordOf(market, kept)
  const other = recordOf(market, joined)
  if (market.records.has(joined)) {
    market.records.delete(joined)
    const voices = other.voices.reduce(withVoice, one.voices)
    setRecord(market, kept, {
      day: one.day,
      soldMicros: one.soldMicros + other.soldMicros,
      deliveredMicros: one.deliveredMicros + other.deliveredMicros,
      starts: one.starts + other.starts,
      onTime: one.onTime + other.onTime,
      weight: one.weight + other.weight,
      stars: one.stars + other.stars,
      voices,
    })
  }
  for (const [party, record] of market.records) {
    if (!record.voices.some((voice) => voice.party === joined || voice.party === kept)) continue
    const renamed = record.voices
      .map((voice) => (voice.party === joined ? { ...voice, party: kept } : voice))
      .reduce(withVoice, [] as ReadonlyArray<Voice>)
    const isOwn = party === kept && market.rules.areLinkedUnrated
    const voices = isOwn ? renamed.filter((voice) => voice.party !== kept) : renamed
    setRecord(market, party, { ...record, voices })
  }
}

/**
 * Forgets, up to the turn of a day, the bookings that nobody rates any more: those of each day by themselves, so
 * that it is the same whether days pass one by one or at once. O(those that can be rated).
 */
export const closeRatings = ({ rateable }: Market, turnOfDay: number): void => {
  const { until } = rateable.columns
  const lastDay = (slot: number): number => Math.ceil(until[slot] / microsPerDay)
  const over: Array<number> = []
  for (let slot = 0; slot < rateable.used; slot++)
    if (rateable.ids[slot] !== -1 && until[slot] <= turnOfDay) over.push(slot)
  for (const slot of over.sort((a, b) => lastDay(a) - lastDay(b) || a - b)) remove(rateable, slot)
}
