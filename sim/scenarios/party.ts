/**
 * A party: somebody who is put into a market on purpose, with machines, accounts and a manner of its
 * own, and whose profit is reported under its name. An attack is a party's conduct; its honest control
 * is the same party without it, on the same machines and the same random numbers.
 */
import { Schema } from "effect"
import { strategyNames } from "../agents/strategies/catalogue.ts"
import { models } from "../fleet/models.ts"
import {
  above0,
  atLeast0,
  factor,
  oneOf,
  share,
  shareAbove0,
  whole,
  withDefault,
} from "../settings/quantities.ts"

const modelName = oneOf(models.map(({ name }) => name))
const isSet = (value: boolean) => withDefault(Schema.Boolean, () => value)

/** Calls that a party makes itself, for whatever end. */
const OwnDemand = Schema.Struct({
  callsPerHour: above0("calls an hour"),
  model: modelName,
  inputTokens: whole("tokens", 0, 1_000_000),
  outputTokens: whole("tokens", 1, 1_000_000),
  /** It asks for up to so many times the tokens that it will use. */
  maxTokensFactor: withDefault(factor(1, 100_000), () => 1),
  /** It goes away after so many tokens; null: takes them all. */
  leavesAfterTokens: withDefault(Schema.NullOr(whole("tokens", 1, 1_000_000)), () => null),
  /** Its calls are wrong in themselves: every node answers with a 4xx. */
  isBadInput: isSet(false),
  /** Its calls make every node's server fail but those of its own, which know them. */
  isPoison: isSet(false),
  /**
   * `own`: the party's own account; `puppets`: other accounts, which nobody knows to be its own;
   * `gifts`: new accounts' sign-up gifts, an account for as long as its gift lasts.
   */
  paidBy: oneOf(["own", "puppets", "gifts"]),
  puppets: withDefault(whole("accounts", 1, 10_000), () => 1),
})
export type OwnDemand = typeof OwnDemand.Type

/** How a party behaves. What is left out is honest. */
const Conduct = Schema.Struct({
  /** Each machine poses as so many nodes, its slots dealt out among them. */
  splitInto: withDefault(whole("nodes", 1, 64), () => 1),
  /** Whose nodes these are: one account's, or an account's each. */
  splitAccounts: withDefault(oneOf(["one", "many"]), () => "one" as const),
  /** Declared slots and speed ÷ real ones. */
  declaredSlots: withDefault(factor(1, 1000), () => 1),
  declaredSpeed: withDefault(factor(1, 1000), () => 1),
  /**
   * Part of the machine's speed that consumers get, once it has been measured at its full speed. The
   * rest is used elsewhere, and bears that part of the cost.
   */
  speed: withDefault(shareAbove0, () => 1),
  /** Part of the consumers' attempts that it fails, while it answers probes; it saves their cost. */
  failShare: withDefault(share, () => 0),
  /** Leaves and registers again, as somebody else, when its health falls below this; 0: never. */
  rejoinBelowHealth: withDefault(share, () => 0),
  /** Machines that it keeps off the market. */
  withheldMachines: withDefault(whole("machines", 0, 10_000), () => 0),
  /** Tokens that it says it generated ÷ tokens that it did. */
  reportedTokens: withDefault(factor(1, 1000), () => 1),
  /** Refuses calls that ask for so many tokens or more; null: takes all. */
  refusesFromTokens: withDefault(Schema.NullOr(whole("tokens", 1, 10_000_000)), () => null),
  /** What it says then: that it is busy (429), or that the call is wrong (400). */
  refusesWith: withDefault(oneOf(["429", "400"]), () => "429" as const),
  demand: withDefault(Schema.NullOr(OwnDemand), () => null),
})
export type Conduct = typeof Conduct.Type

export const Party = Schema.Struct({
  /** What its metrics are called by. */
  name: Schema.String.pipe(
    Schema.pattern(/^[a-z][a-z0-9-]*$/, {
      message: () => "expected a name of small letters, digits and hyphens, such as attacker",
    }),
  ),
  /** Of the catalogue, or of `fleet.profiles`, by name. */
  device: Schema.NonEmptyString,
  /** The model that it serves first. */
  model: modelName,
  machines: whole("machines", 1, 10_000),
  /** Was there long before demand begins, as `fleet.establishedDays` says; or comes as it begins. */
  isEstablished: isSet(false),
  strategy: withDefault(oneOf(strategyNames), () => "stay" as const),
  /** How often it decides; 0: never. */
  decisionHours: withDefault(atLeast0("hours"), () => 24),
  conduct: withDefault(Conduct, () => Schema.decodeSync(Conduct)({})),
})
export type Party = typeof Party.Type
