/**
 * What the market asks of its driver: orders, in the imperative. `emit` is the only way out of the
 * kernel: it appends the command and rolls it into the market's digest.
 */
import type { Digest } from "./digest.ts"
import { mix } from "./digest.ts"
import type { Outcome } from "./event.ts"
import { outcomes } from "./event.ts"

/** Why an event was not legal in the present state. The event changed nothing. */
export const rejections = [
  "ClockWentBackwards",
  "TimerDue",
  "TooFarAhead",
  "InvalidQuantity",
  "UnknownAccount",
  "UnknownModel",
  "UnknownNode",
  "UnknownInstance",
  "UnknownRequest",
  "UnknownTransfer",
  "DuplicateAccount",
  "DuplicateNode",
  "DuplicateInstance",
  "DuplicateRequest",
  "DuplicateTransfer",
  "StaleAttempt",
  "StaleProbe",
  "StaleMeasurement",
  "AttemptsInFlight",
  "InstanceStopping",
  "SameModel",
  "AlreadyLost",
  "AlreadyOnline",
  "NotSuspended",
  "InsufficientCredits",
  "BelowMinimum",
  "TooManyTokens",
  "BalanceTooLarge",
] as const
export type Rejection = (typeof rejections)[number]

/** Why a legal request was not served. */
export const refusals = [
  "InsufficientCredits",
  "PriceTooHigh",
  "NoInstance",
  "NoCapacity",
  "AttemptFailed",
] as const
export type Refusal = (typeof refusals)[number]

export const probePurposes = ["breaker", "floor"] as const
export type ProbePurpose = (typeof probePurposes)[number]

export const auditFindings = ["OverReported", "CredentialRefused", "Clawback"] as const
export type AuditFinding = (typeof auditFindings)[number]

/** What a transfer is for; `posting` says so to a reader of a statement. */
export const postingKinds = [
  "grant",
  "purchase",
  "charge",
  "share",
  "fee",
  "poolFee",
  "withheld",
  "bounty",
  "vestingBounty",
  "vested",
  "clawback",
  "withdrawal",
  "funding",
] as const
export type PostingKind = (typeof postingKinds)[number]

export type Command =
  | {
      readonly _tag: "Dispatch"
      readonly request: number
      readonly attempt: number
      readonly instance: number
    }
  | { readonly _tag: "Refuse"; readonly request: number; readonly reason: Refusal }
  /** The request is over and paid for. Money in minor units; `bounty` is claimed, paid hourly. */
  | {
      readonly _tag: "Finish"
      readonly request: number
      readonly instance: number
      readonly outcome: Outcome
      readonly outputTokens: number
      readonly charge: number
      readonly fee: number
      readonly share: number
      readonly withheld: number
      readonly bounty: number
    }
  /** A generation of the gateway's own, of so many output tokens; `ProbeEnded` answers it. */
  | {
      readonly _tag: "Probe"
      readonly instance: number
      readonly probe: number
      readonly purpose: ProbePurpose
      readonly tokens: number
    }
  /** `CapacityMeasured` answers it; asked again where it does not. */
  | { readonly _tag: "Measure"; readonly instance: number; readonly measurement: number }
  | { readonly _tag: "Park"; readonly instance: number; readonly untilMicros: number }
  /** The node has missed its heartbeats: its attempts are to be ended, and tried elsewhere. */
  | { readonly _tag: "FailOver"; readonly node: number }
  | { readonly _tag: "Announce"; readonly model: number; readonly multiplierHundredths: number }
  /** For the audit log: `subject` is an instance, or the account of a clawback. */
  | {
      readonly _tag: "Audit"
      readonly subject: number
      readonly finding: AuditFinding
      readonly quantity: number
    }
  /** One transfer between two ledger accounts (`ledger/accounts.ts` numbers them). */
  | {
      readonly _tag: "Post"
      readonly kind: PostingKind
      readonly debit: number
      readonly credit: number
      readonly amount: number
      /** The request, transfer or instance that caused it. */
      readonly reference: number
    }
  | { readonly _tag: "Rejected"; readonly event: string; readonly reason: Rejection }

/** Where a step leaves its commands, in order. The driver drains it before the next step. */
export interface CommandSink {
  commands: Array<Command>
  readonly digest: Digest
}

const codes = <T extends string>(names: ReadonlyArray<T>): Readonly<Record<T, number>> =>
  Object.fromEntries(names.map((name, index) => [name, index + 1])) as Record<T, number>

const tagCodes = codes([
  "Dispatch",
  "Refuse",
  "Finish",
  "Probe",
  "Measure",
  "Park",
  "FailOver",
  "Announce",
  "Audit",
  "Post",
  "Rejected",
])
const refusalCodes = codes(refusals)
const rejectionCodes = codes(rejections)
const purposeCodes = codes(probePurposes)
const findingCodes = codes(auditFindings)
const kindCodes = codes(postingKinds)
const outcomeCodes = codes(outcomes)

/** Appends a command and rolls every field of it into the digest. */
export const emit = (sink: CommandSink, command: Command): void => {
  sink.commands.push(command)
  const digest = sink.digest
  mix(digest, tagCodes[command._tag])
  switch (command._tag) {
    case "Dispatch":
      mix(digest, command.request)
      mix(digest, command.attempt)
      return mix(digest, command.instance)
    case "Refuse":
      mix(digest, command.request)
      return mix(digest, refusalCodes[command.reason])
    case "Finish":
      mix(digest, command.request)
      mix(digest, command.instance)
      mix(digest, outcomeCodes[command.outcome])
      mix(digest, command.outputTokens)
      mix(digest, command.charge)
      mix(digest, command.fee)
      mix(digest, command.share)
      mix(digest, command.withheld)
      return mix(digest, command.bounty)
    case "Probe":
      mix(digest, command.instance)
      mix(digest, command.probe)
      mix(digest, purposeCodes[command.purpose])
      return mix(digest, command.tokens)
    case "Measure":
      mix(digest, command.instance)
      return mix(digest, command.measurement)
    case "Park":
      mix(digest, command.instance)
      return mix(digest, command.untilMicros)
    case "FailOver":
      return mix(digest, command.node)
    case "Announce":
      mix(digest, command.model)
      return mix(digest, command.multiplierHundredths)
    case "Audit":
      mix(digest, command.subject)
      mix(digest, findingCodes[command.finding])
      return mix(digest, command.quantity)
    case "Post":
      mix(digest, kindCodes[command.kind])
      mix(digest, command.debit)
      mix(digest, command.credit)
      mix(digest, command.amount)
      return mix(digest, command.reference)
    case "Rejected":
      return mix(digest, rejectionCodes[command.reason])
  }
}
