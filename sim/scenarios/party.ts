/**
 * A party: somebody who is put into a market on purpose, with machines, accounts and a manner of its
 * own, and whose profit is reported under its name. An attack is a party's conduct; its honest control
 * is the same party without it, on the same machines and the same random numbers.
 */
import { Schema } from "effect"
import { Settings } from "../../engine/index.ts"
import { strategyNames } from "../agents/strategies/catalogue.ts"
import { models } from "../fleet/models.ts"
import { PartyHours } from "./party-hours.ts"
import { PriceSettings } from "./price-settings.ts"

const { factor, nonNegative, oneOf, positive } = Settings
const { setting, share, shareAbove0, wholeBetween, withDefault } = Settings

const modelName = oneOf(...models.map(({ name }) => name))

/** Calls that a party makes itself, for whatever end. */
const OwnDemand = Schema.Struct({
  callsPerHour: setting(positive("calls an hour"), { meaning: "How often it calls." }),
  model: setting(modelName, { meaning: "The model that it calls." }),
  inputTokens: setting(wholeBetween("tokens", 0, 1_000_000), {
    meaning: "Length of its prompts.",
  }),
  outputTokens: setting(wholeBetween("tokens", 1, 1_000_000), {
    meaning: "Length of the answers.",
  }),
  maxTokensFactor: withDefault(factor(1, 100_000), {
    default: 1,
    meaning: "It asks for up to so many times the tokens that it will use.",
  }),
  leavesAfterTokens: withDefault(Schema.NullOr(wholeBetween("tokens", 1, 1_000_000)), {
    default: null,
    meaning: "It goes away after so many tokens; null: takes them all.",
  }),
  isBadInput: withDefault(Schema.Boolean, {
    default: false,
    meaning: "Its calls are wrong in themselves: every node answers with a 4xx.",
  }),
  isPoison: withDefault(Schema.Boolean, {
    default: false,
    meaning: "Its calls make every node's server fail but those of its own, which know them.",
  }),
  paidBy: setting(oneOf("own", "puppets", "gifts"), {
    meaning:
      "own: the party's own account; puppets: other accounts, which nobody knows to be its own; gifts: new accounts' sign-up gifts, an account for as long as its gift lasts.",
  }),
  puppets: withDefault(wholeBetween("accounts", 1, 10_000), {
    default: 1,
    meaning: "How many puppets there are.",
  }),
  isLinked: withDefault(Schema.Boolean, {
    default: false,
    meaning: "The market has found the puppets to be its own.",
  }),
  worth: withDefault(nonNegative("times the list price"), {
    default: 0,
    meaning: "What an answer is worth to it.",
  }),
  dummies: withDefault(wholeBetween("calls", 0, 100), {
    default: 0,
    meaning:
      "Calls of a token each that it makes with each of these, which are worth nothing: they take places in queues.",
  }),
})
export type OwnDemand = typeof OwnDemand.Type

/** How a party behaves. What is left out is honest. */
const Conduct = Schema.Struct({
  splitInto: withDefault(wholeBetween("nodes", 1, 64), {
    default: 1,
    meaning: "Each machine poses as so many nodes, its slots dealt out among them.",
  }),
  splitAccounts: withDefault(oneOf("one", "many"), {
    default: "one",
    meaning: "Whose nodes these are: one account's, or an account's each.",
  }),
  declaredSlots: withDefault(factor(1, 1000), {
    default: 1,
    meaning: "Declared slots ÷ real ones.",
  }),
  declaredSpeed: withDefault(factor(1, 1000), {
    default: 1,
    meaning: "Declared speed ÷ the real one.",
  }),
  speed: withDefault(shareAbove0, {
    default: 1,
    meaning:
      "Part of the machine's speed that consumers get, once it has been measured at its full speed. The rest is used elsewhere, and bears that part of the cost.",
  }),
  failShare: withDefault(share, {
    default: 0,
    meaning:
      "Part of the consumers' attempts that it fails, while it answers probes; it saves their cost.",
  }),
  rejoinBelowHealth: withDefault(share, {
    default: 0,
    meaning:
      "Leaves and registers again, as somebody else, when its health falls below this; 0: never.",
  }),
  withheldMachines: withDefault(wholeBetween("machines", 0, 10_000), {
    default: 0,
    meaning: "Machines that it keeps off the market.",
  }),
  reportedTokens: withDefault(factor(1, 1000), {
    default: 1,
    meaning: "Tokens that it says it generated ÷ tokens that it did.",
  }),
  reportedUtilisation: withDefault(share, {
    default: 1,
    meaning: "Part of its utilisation that its heartbeats report, where the market heeds it.",
  }),
  refusesFromTokens: withDefault(Schema.NullOr(wholeBetween("tokens", 1, 10_000_000)), {
    default: null,
    meaning: "Refuses calls that ask for so many tokens or more; null: takes all.",
  }),
  refusesWith: withDefault(oneOf("429", "400"), {
    default: "429",
    meaning: "What it says then: that it is busy (429), or that the call is wrong (400).",
  }),
  runsModel: withDefault(Schema.NullOr(modelName), {
    default: null,
    meaning: "The model that its machines run under the name of the other; null: the one they say.",
  }),
  demand: withDefault(Schema.NullOr(OwnDemand), {
    default: null,
    meaning: "Calls that it makes itself.",
  }),
})
export type Conduct = typeof Conduct.Type

/** Batches that a party hands in. */
const OwnBatches = Schema.Struct({
  perDay: setting(positive("batches a day"), { meaning: "How often it hands one in." }),
  model: setting(modelName, { meaning: "The model that it is for." }),
  items: setting(wholeBetween("items", 1, 100_000), { meaning: "Calls of a batch." }),
  inputTokens: setting(wholeBetween("tokens", 0, 1_000_000), {
    meaning: "Length of each prompt.",
  }),
  outputTokens: setting(wholeBetween("tokens", 1, 1_000_000), {
    meaning: "Length of each answer.",
  }),
  worth: setting(nonNegative("times the list price"), {
    meaning: "What an answer is worth to it.",
  }),
  dummies: withDefault(wholeBetween("items", 0, 100_000), {
    default: 0,
    meaning: "Calls of a token each that it adds, for the discount on large batches.",
  }),
})
export type OwnBatches = typeof OwnBatches.Type

export const Party = Schema.Struct({
  name: setting(
    Schema.String.pipe(
      Schema.pattern(/^[a-z][a-z0-9-]*$/, {
        message: () => "expected a name of small letters, digits and hyphens, such as attacker",
      }),
    ),
    { meaning: "What its metrics are called by." },
  ),
  device: setting(Schema.NonEmptyString, {
    meaning: "Its machines, of the catalogue or of the profiles, by name.",
  }),
  model: setting(modelName, { meaning: "The model that it serves first." }),
  machines: setting(wholeBetween("machines", 1, 10_000), { meaning: "How many machines it has." }),
  isEstablished: withDefault(Schema.Boolean, {
    default: false,
    meaning:
      "Was there long before demand begins, as fleet.establishedDays says; or comes as it begins.",
  }),
  strategy: withDefault(oneOf(...strategyNames), {
    default: "stay",
    meaning: "How it decides which model to serve, and whether to.",
  }),
  price: withDefault(Schema.NullOr(PriceSettings), {
    default: null,
    meaning: "Where hosts set prices: how it does; null: it asks what the platform lists.",
  }),
  decisionHours: withDefault(nonNegative("hours"), {
    default: 24,
    meaning: "How often it decides; 0: never.",
  }),
  hours: withDefault(PartyHours, {
    default: Schema.decodeSync(PartyHours)({}),
    meaning: "What it lets and rents by the hour.",
  }),
  batches: withDefault(Schema.NullOr(OwnBatches), {
    default: null,
    meaning: "Batches that it hands in; null: none.",
  }),
  conduct: withDefault(Conduct, {
    default: Schema.decodeSync(Conduct)({}),
    meaning: "How it behaves; what is left out is honest.",
  }),
})
export type Party = typeof Party.Type
