/**
 * What hours are sold with beside a rate: what hosts promise, the contracts of enterprises, capacity that is reserved,
 * and hosts who act together.
 */
import { Schema } from "effect"
import { Settings } from "../../engine/index.ts"

const { between, factor, flag, nonNegative, positive, setting, share, wholeBetween } = Settings

export const Promises = Schema.Struct({
  share: setting(share, {
    default: 0,
    meaning: "Part of the listings that promise how much of the time they are up.",
  }),
  availability: setting(share, {
    default: 0.99,
    meaning: "How much of it.",
    source: "003: availability_target 0.99",
  }),
  penalty: setting(share, {
    default: 0.5,
    unit: "of a period's price",
    meaning: "What goes back where that is not kept.",
    source: "003: penalty_rate 0.5",
  }),
}).annotations({ description: "What hosts of hours promise with them." })

export const Contracts = Schema.Struct({
  perDay: setting(nonNegative("contracts a day"), {
    default: 0,
    meaning: "How many contracts enterprises look for, without memory.",
  }),
  clients: setting(wholeBetween("enterprises", 1, 10_000), {
    default: 5,
    meaning: "Enterprises, each with an account of its own.",
  }),
  hours: setting(positive("hours"), {
    default: 100,
    meaning: "How long a contract runs.",
    source: "003: duration_hours 100",
  }),
  rateFactor: setting(factor(0.001, 1000), {
    default: 0.8,
    unit: "times the listing's base rate",
    meaning: "The fixed rate that hosts offer.",
    source: "003: fixed_rate 0.08, on a base rate of 0.1",
  }),
  availability: setting(share, {
    default: 0.95,
    meaning: "What is guaranteed.",
    source: "003: guaranteed_availability 0.95",
  }),
  penaltyShare: setting(share, {
    default: 1,
    meaning: "Part of the contracts with penalties.",
    source: "003: sla_penalties True",
  }),
  worth: setting(positive("times the published rate"), {
    default: 1.2,
    unit: "times the published rate",
    meaning: "What an hour is worth to the median enterprise.",
    source: "assumed: steady work that could also be done elsewhere",
  }),
  worthSpread: setting(between("a standard deviation of the logarithm", 0, 3), {
    default: 0.3,
    unit: "log-worth",
    meaning: "Standard deviation of its logarithm.",
    source: "assumed",
  }),
  answerHours: setting(nonNegative("hours"), {
    default: 6,
    meaning: "Mean time until an offer is answered, exponential.",
    source: "assumed",
  }),
  lapseShare: setting(share, {
    default: 0,
    meaning: "Part of the offers that their client never answers.",
    source: "assumed",
  }),
}).annotations({ description: "Enterprises, who are offered terms of their own." })

export const Reservations = Schema.Struct({
  holders: setting(wholeBetween("holders", 0, 10_000), {
    default: 0,
    meaning: "Those who need a machine again and again.",
  }),
  areMade: setting(flag, {
    default: true,
    meaning: "Whether they reserve one, or book what they need when they need it.",
  }),
  days: setting(positive("days"), {
    default: 30,
    meaning: "How long a reservation is.",
    source: '003: reservation_duration "30d"',
  }),
  feeFactor: setting(factor(0.001, 1000), {
    default: 0.7,
    unit: "times the listing's base rate",
    meaning: "Its fee, by the hour that is reserved, used or not.",
    source:
      "assumed; 003's fee of 50 for a third of a card at 0.1 an hour, for 30 days, is 2.1 times the rate",
  }),
  useShare: setting(share, {
    default: 0.6,
    meaning: "Part of the time in which a holder has work.",
    source: "assumed",
  }),
  spellHours: setting(positive("hours"), {
    default: 6,
    meaning: "Mean length of a spell of work, exponential.",
    source: "assumed",
  }),
  worth: setting(positive("times the published rate"), {
    default: 1.6,
    unit: "times the published rate",
    meaning: "What an hour of work is worth to them.",
    source: "assumed",
  }),
}).annotations({ description: "Capacity that is kept for a fee." })

export const Swarms = Schema.Struct({
  share: setting(share, {
    default: 0,
    meaning: "Part of the hosts of hours who act together.",
  }),
  isPricing: setting(flag, {
    default: false,
    meaning: "They decide on rates together.",
    source: "003: participate_in_pricing",
  }),
  proposedFactor: setting(Schema.NullOr(factor(0.001, 1000)), {
    default: null,
    unit: "times the published rate",
    meaning: "The rate that each proposes; null: the one that it asks.",
    source: "003: proposed_base_rate 0.12, on a base rate of 0.1",
  }),
  isBalancing: setting(flag, {
    default: false,
    meaning: "An order for a machine of theirs that is taken goes to another of theirs.",
    source: "003: join_swarm, load balancing",
  }),
  sharesData: setting(flag, {
    default: false,
    meaning: "Each says once a day how much of its machine was in use.",
    source: "003: share_market_data",
  }),
}).annotations({ description: "Hosts of hours who act together." })
