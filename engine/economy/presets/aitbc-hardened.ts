/** Ours: the market of hours with its holes closed; each difference with the hole that it closes. */
import type { Economy } from "../schema.ts"
import { aitbc } from "./aitbc.ts"
import { hardened } from "./hardened.ts"

export const aitbcHardened: Economy = {
  ...aitbc,
  name: "aitbc-hardened",
  meaning:
    "The market of hours with its holes closed: measured delivery, hours paid as delivered, bonds, deposits.",
  // Where calls are charged by their time, a slow host earns more.
  pricing: { ...aitbc.pricing, timeCap: "tokens" },
  hours: {
    ...aitbc.hours,
    // Demand at the moment of the order says nothing of the tenth hour: a surge on all of it overpays long
    // rentals, and has hosts refuse short ones.
    peak: "either",
    surcharge: "firstHour",
    // A discount on all hours has everybody book 10 hours and a bit, and leave at 8.
    bulk: "incremental",
  },
  listings: {
    ...aitbc.listings,
    capacity: "measured",
    // A host that books itself makes its region dear.
    excludeLinked: true,
    maxDemandShare: 0.2,
  },
  // A rate that jumps with one busy slot, and stays high for as long as what was sold at it.
  strategies: { ...aitbc.strategies, dynamic: "step" },
  escrow: {
    ...aitbc.escrow,
    // The market's word alone, the moment the time is over, leaves nothing to dispute.
    confirm: "consumer",
    // All or nothing at the end gives consumers a reason to break the machine in the last hour.
    periodHours: 24,
    payFor: "delivered",
    // A cheap box can send heartbeats for a machine that is not there.
    evidence: "probes",
    // Whoever sells and does not deliver loses more than it could get elsewhere: an hour's price is less than
    // what a better buyer pays for the others, and a day's less than it pays for the rest of a long rental.
    bondHours: 72,
    penaltyHours: 72,
    // Or it gives access first, and leaves a minute later.
    forfeitShare: 1,
    // Far bookings lock every machine, and are cancelled for nothing; a fee of 2 hours' price is not shown
    // to be enough.
    cancelFeeHours: 4,
  },
  // A false dispute costs nothing, or less than it gains now and then: one in twenty is ruled on by mistake,
  // as many are not answered. Where nothing is trivial, half of the others are won by a rounding.
  disputes: { ...aitbc.disputes, depositShare: 0.2, trivialShare: 0.01 },
  ratings: {
    ...aitbc.ratings,
    // Whoever has paid nothing has nothing to say, and whoever says it every day says it once.
    weight: "paid",
    voiceDays: 30,
    // A provider rates itself, through whatever accounts.
    excludeLinked: true,
    // One unhappy voice about a newcomer moves it by a fifth at most.
    priorRatings: 4,
    halfLifeDays: 90,
    // Voices that nobody links are cheap: what they say is shown, and what was delivered decides.
    satisfactionWeight: 0,
  },
  // Whoever says that it fails earns nothing, so nobody does; and a small model answers as cheaply as it is, for which one
  // failure in a hundred answers is no price.
  quality: { ...aitbc.quality, refusalShare: 0.02, auditShare: 0.01, stopsFakes: true },
  // A provider knows the answers to its own test.
  specialised: { ...aitbc.specialised, accuracy: "market" },
  // A price that all members ask is a cartel's; a count of one is what that one says.
  swarms: { ...aitbc.swarms, pricing: "off", dataParties: 5 },
  batches: {
    ...aitbc.batches,
    // Ten items cost less than eight, so that small ones are padded; what saves cost is that they can wait.
    minItems: 1,
    // What is promised for a day has to fit into what a day leaves over.
    mostIdleShare: 0.5,
  },
  sla: {
    ...aitbc.sla,
    // Once under a cliff, a host has nothing to lose for the rest of the period.
    form: "linear",
    // One answer that takes ten minutes outweighs twenty that take a second.
    response: "share",
    // Maintenance without end stops the clock.
    excusedShare: 0.05,
  },
  // Offers to a puppet keep a calendar free of charge.
  contracts: { ...aitbc.contracts, mostOffers: 3, toLinked: false },
  // A fee that is paid at once is kept by a machine that leaves; whoever reserves a region sets its price; and jobs that
  // are reserved and idle help nobody.
  reservation: { ...aitbc.reservation, pays: "byHour", maxRegionShare: 0.2, lendShare: 0.5 },
  // One client fills all places, or has as many turns as it opens accounts.
  queue: { ...aitbc.queue, flows: "party", full: "pushOut" },
  // A host that says that it is idle draws calls from those that say the truth.
  routing: {
    ...aitbc.routing,
    selection: "spareLottery",
    capacity: "verified",
    reports: "bounded",
  },
  breaker: hardened.breaker,
  backpressure: hardened.backpressure,
  blame: hardened.blame,
  ramp: hardened.ramp,
  flap: hardened.flap,
  promotion: { ...aitbc.promotion, giftsPay: "gifts" },
}
