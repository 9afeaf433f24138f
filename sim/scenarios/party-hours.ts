/** What a party does with hours: what it lets, and what it rents. What is left out is honest. */
import { Schema } from "effect"
import { priceStrategies, Settings } from "../../engine/index.ts"

const { factor, nonNegative, oneOf, positive } = Settings
const { share, setting, wholeBetween, withDefault } = Settings

/** Its machines are let by the hour, in the first region and at all times. */
const Lets = Schema.Struct({
  strategy: withDefault(oneOf(...priceStrategies), {
    default: "fixed",
    meaning: "How the rates of its listings follow demand.",
  }),
  rateFactor: withDefault(factor(0.001, 1000), {
    default: 1,
    unit: "times the published rate",
    meaning: "Their base rate.",
  }),
  outsideShare: withDefault(share, {
    default: 0,
    meaning: "Part of its bookings for whose time somebody else wants the machine too.",
  }),
  outsideFactor: withDefault(nonNegative("times the booking's price"), {
    default: 0,
    meaning: "What these pay for it outside of the market.",
  }),
  breach: withDefault(oneOf("none", "noShow", "leaves", "maintenance", "box", "afterBreach"), {
    default: "none",
    meaning:
      "What it does then. none: it turns them down; noShow, leaves, maintenance: it gives them the machine, declares it to be maintained until the booking ends, and does not show up, or gives access and ends the booking a minute later, or gives access alone; box: a cheap box answers for the machine; afterBreach: likewise, once the period's promise is broken and for what is left of the booking alone.",
  }),
  disputes: withDefault(Schema.Boolean, {
    default: false,
    meaning:
      "It disputes what it is not to be paid for in full: while its machine is away, and at the end.",
  }),
  promises: withDefault(Schema.Boolean, {
    default: false,
    meaning: "It promises what hours.promises says.",
  }),
  awayFactor: withDefault(nonNegative("times as often as others"), {
    default: 1,
    meaning: "How often its machines go away while they are let.",
  }),
  upkeep: withDefault(share, {
    default: 0,
    unit: "of the published rate",
    meaning: "What it spends on keeping them up, by the hour that is let.",
  }),
  swarm: withDefault(Schema.Boolean, {
    default: false,
    meaning: "It acts together with other hosts, as hours.swarms says.",
  }),
  flickerMinutes: withDefault(nonNegative("minutes"), {
    default: 0,
    meaning: "Its base rate changes this often between half and one and a half times; 0: never.",
  }),
  baitFactor: withDefault(factor(0.001, 1), {
    default: 1,
    unit: "times its base rate",
    meaning: "What it shows until somebody thinks about ordering; then it asks its base rate.",
  }),
})
export type PartyLets = typeof Lets.Type

/** It wants hours of machines, again and again. */
const Rents = Schema.Struct({
  needsPerDay: setting(positive("needs a day"), {
    meaning: "How often it wants a machine, without memory.",
  }),
  hours: setting(positive("hours"), { meaning: "For how long it wants it." }),
  worth: withDefault(nonNegative("times the published rate"), {
    default: 1.5,
    meaning: "What an hour is worth to it.",
  }),
  from: withDefault(oneOf("others", "own"), {
    default: "others",
    meaning: "Whose machines: those of others, or the party's own, whatever they cost.",
  }),
  paidBy: withDefault(oneOf("own", "puppets"), {
    default: "own",
    meaning: "own: the party's account; puppets: accounts that nobody knows to be its own.",
  }),
  puppets: withDefault(wholeBetween("accounts", 1, 10_000), {
    default: 1,
    meaning: "How many puppets there are.",
  }),
  bookedHours: withDefault(nonNegative("hours"), {
    default: 0,
    meaning: "It books so many, and leaves when it has what it wants; 0: as many as it wants.",
  }),
  disputes: withDefault(Schema.Boolean, {
    default: false,
    meaning: "It disputes whatever it was given.",
  }),
  isSilent: withDefault(Schema.Boolean, {
    default: false,
    meaning: "It never confirms.",
  }),
  breaksLastMinutes: withDefault(nonNegative("minutes"), {
    default: 0,
    meaning: "It breaks the machine so long before the end of the booking; 0: never.",
  }),
  needShare: withDefault(share, {
    default: 1,
    meaning: "Part of its needs that are still there when their time has come.",
  }),
  noticeHours: withDefault(nonNegative("hours"), {
    default: 0,
    meaning: "How long before that time it knows that it may need a machine.",
  }),
  isHoarding: withDefault(Schema.Boolean, {
    default: false,
    meaning:
      "It books as soon as it may need a machine, and cancels ten minutes before the start if it does not; or it books when it does.",
  }),
  stars: withDefault(Schema.NullOr(wholeBetween("stars", 1, 5)), {
    default: null,
    meaning: "It rates each of its bookings so, whatever was delivered; null: none.",
  }),
})
export type PartyRents = typeof Rents.Type

/** It reserves machines of others, whether it needs them or not. */
const Reserves = Schema.Struct({
  machines: setting(wholeBetween("machines", 1, 10_000), {
    meaning: "How many machines of others it keeps reserved, as far as it may.",
  }),
  days: withDefault(positive("days"), { default: 7, meaning: "How long each reservation is." }),
})
export type PartyReserves = typeof Reserves.Type

export const PartyHours = Schema.Struct({
  lets: withDefault(Schema.NullOr(Lets), {
    default: null,
    meaning: "How it lets its machines by the hour; null: it does not.",
  }),
  rents: withDefault(Schema.NullOr(Rents), {
    default: null,
    meaning: "What it rents by the hour; null: nothing.",
  }),
  reserves: withDefault(Schema.NullOr(Reserves), {
    default: null,
    meaning: "What it has others keep for it; null: nothing.",
  }),
})
export type PartyHours = typeof PartyHours.Type
