/**
 * What the market asks of its driver: orders, in the imperative. `emit` is the only way out of the
 * kernel: it appends the command and rolls it into the market's digest.
 */
import type {
  BatchId,
  BookingId,
  ContractId,
  InstanceId,
  ListingId,
  MeasurementId,
  ModelId,
  NodeId,
  ProbeId,
  RegionId,
  RequestId,
} from "../core/ids.ts"
import { invariant } from "../core/invariant.ts"
import type { Digest } from "../core/digest.ts"
import { mix, mixThree } from "../core/digest.ts"
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
  "PricedByPlatform",
  "PriceTooLow",
  "TooSoon",
  "RaisedTooFast",
  "HoursNotSold",
  "UnknownRegion",
  "UnknownListing",
  "UnknownBooking",
  "DuplicateBooking",
  "InvalidSpans",
  "PeaksFixed",
  "Booked",
  "NotParty",
  "WrongPhase",
  "Linked",
  "NotPaid",
  "NotMember",
  "SwarmOff",
  "BatchesNotTaken",
  "UnknownBatch",
  "DuplicateBatch",
  "NotInBatch",
  "ItemTaken",
  "UnknownContract",
  "DuplicateContract",
  "LinkedClient",
  "TiersNotOffered",
  "QueuesNotOffered",
  "NotWaiting",
] as const
export type Rejection = (typeof rejections)[number]

/** Why a legal request was not served. */
export const refusals = [
  "InsufficientCredits",
  "PriceTooHigh",
  "NoInstance",
  "NoCapacity",
  "AttemptFailed",
  "Expired",
  "QueueFull",
  "QueueTimeout",
  "Withdrawn",
] as const
export type Refusal = (typeof refusals)[number]

export const probePurposes = ["breaker", "floor", "doubt"] as const
export type ProbePurpose = (typeof probePurposes)[number]

/** Why hours that were legally asked for were not sold. */
export const declines = [
  "InsufficientCredits",
  "PriceTooHigh",
  "NotOpen",
  "OffSchedule",
  "NoCapacity",
  "InThePast",
  "TooShort",
  "TooLong",
  "TooFarAhead",
  "BondMissing",
  "Offline",
] as const
export type DeclineReason = (typeof declines)[number]

/** Why terms that a host legally offers to a client do not stand. */
export const offerDeclines = [...declines, "LimitReached", "LinkedClient"] as const
export type OfferDecline = (typeof offerDeclines)[number]

/** Why access to what was granted ends. */
export const revocations = ["Ended", "Lost", "NotStarted", "Disputed"] as const
export type Revocation = (typeof revocations)[number]

/** How a booking was closed. */
export const bookingOutcomes = ["released", "cancelled", "noShow", "split"] as const
export type BookingOutcome = (typeof bookingOutcomes)[number]

/** How a batch was closed. */
export const batchOutcomes = ["done", "expired", "cancelled"] as const
export type BatchOutcome = (typeof batchOutcomes)[number]
/** How an offer ended. */
export const contractOutcomes = ["accepted", "declined", "withdrawn", "expired"] as const
export type ContractOutcome = (typeof contractOutcomes)[number]

export const auditFindings = [
  "OverReported",
  "CredentialRefused",
  "Clawback",
  "NoShow",
  "DisputeLost",
  "HoursLeft",
  "QualityFailed",
  "SlaBreached",
] as const
export type AuditFinding = (typeof auditFindings)[number]

/**
 * What a transfer is for; `posting` says so to a reader of a statement. Calls and bookings are numbered apart, and
 * have kinds of their own: `rent…`, `penalty` and `award` are about a booking.
 */
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
  "rent",
  "penalty",
  "award",
  "rentShare",
  "rentFee",
  "rentPoolFee",
  "lend",
] as const
export type PostingKind = (typeof postingKinds)[number]

export type Command =
  | {
      readonly _tag: "Dispatch"
      readonly request: RequestId
      readonly attempt: number
      readonly instance: InstanceId
    }
  | { readonly _tag: "Refuse"; readonly request: RequestId; readonly reason: Refusal }
  /** The request is over and paid for. Money in minor units; `bounty` is claimed, paid hourly. */
  | {
      readonly _tag: "Finish"
      readonly request: RequestId
      readonly instance: InstanceId
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
      readonly instance: InstanceId
      readonly probe: ProbeId
      readonly purpose: ProbePurpose
      readonly tokens: number
    }
  /** `CapacityMeasured` answers it; asked again where it does not. */
  | { readonly _tag: "Measure"; readonly instance: InstanceId; readonly measurement: MeasurementId }
  | { readonly _tag: "Park"; readonly instance: InstanceId; readonly untilMicros: number }
  /** The node has missed its heartbeats: its attempts are to be ended, and tried elsewhere. */
  | { readonly _tag: "FailOver"; readonly node: NodeId }
  | { readonly _tag: "Announce"; readonly model: ModelId; readonly multiplierHundredths: number }
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
      /** The request, transfer, instance or booking that caused it: the kind says which. */
      readonly reference: number
    }
  | { readonly _tag: "Rejected"; readonly event: string; readonly reason: Rejection }
  /** Hours are sold, at this price in all; so much of the provider's credits is held as bond. */
  | {
      readonly _tag: "Book"
      readonly booking: BookingId
      readonly startAt: number
      readonly endAt: number
      readonly price: number
      readonly bond: number
    }
  | { readonly _tag: "Decline"; readonly booking: BookingId; readonly reason: DeclineReason }
  /** It is time: the provider is to give the consumer access. `DeliveryStarted` answers it. */
  | { readonly _tag: "Grant"; readonly booking: BookingId; readonly untilMicros: number }
  | { readonly _tag: "Revoke"; readonly booking: BookingId; readonly reason: Revocation }
  /** The consumer is to confirm or to dispute; the market confirms then. */
  | { readonly _tag: "AskConfirmation"; readonly booking: BookingId; readonly untilMicros: number }
  /** Somebody is to rule; the evidence does then. */
  | { readonly _tag: "AskRuling"; readonly booking: BookingId; readonly untilMicros: number }
  /** A period is paid for: drawn = fee + share; refund: what of its price is not drawn. Minor units. */
  | {
      readonly _tag: "Release"
      readonly booking: BookingId
      readonly period: number
      readonly drawn: number
      readonly fee: number
      readonly share: number
      readonly refund: number
    }
  /** A period with a service level is over: what was seen of it, and what of its price goes back for that. Times in µs. */
  | {
      readonly _tag: "Judge"
      readonly booking: BookingId
      readonly period: number
      readonly upMicros: number
      readonly expectedMicros: number
      readonly excusedMicros: number
      readonly successes: number
      readonly failures: number
      /** Answers whose first token was timed, those in time, and Σ of the times. */
      readonly responses: number
      readonly onTime: number
      readonly responseMicros: number
      readonly refund: number
    }
  /** The booking is over: price = drawn + refund. Exactly one for each that was sold. */
  | {
      readonly _tag: "Close"
      readonly booking: BookingId
      readonly outcome: BookingOutcome
      readonly price: number
      readonly drawn: number
      readonly refund: number
      readonly penalty: number
    }
  /** An offer stands until then, and its hours are kept; or why they are not. */
  | { readonly _tag: "Offer"; readonly contract: ContractId; readonly untilMicros: number }
  | {
      readonly _tag: "DeclineOffer"
      readonly contract: ContractId
      readonly reason: OfferDecline
    }
  /** An offer is over. Exactly one for each that stood. */
  | {
      readonly _tag: "CloseOffer"
      readonly contract: ContractId
      readonly outcome: ContractOutcome
    }
  /** A listing's rate is another one from now on, minor units an hour for each job. */
  | { readonly _tag: "Reprice"; readonly listing: ListingId; readonly ratePerHour: number }
  /** What is known of a schedule, or of a region's peak hours, comes to its end. */
  | { readonly _tag: "ExtendSchedule"; readonly listing: ListingId; readonly untilMicros: number }
  | { readonly _tag: "ExtendPeaks"; readonly region: RegionId; readonly untilMicros: number }
  /** The answer of that instance is to be run again elsewhere by then; `QualityAudited` says what came of it. */
  | {
      readonly _tag: "Recheck"
      readonly request: RequestId
      readonly instance: InstanceId
      readonly untilMicros: number
    }
  /** A batch is taken: its items cost this factor of their price, and so much is held for them. */
  | {
      readonly _tag: "AcceptBatch"
      readonly batch: BatchId
      readonly held: number
      readonly factorBps: number
      readonly deadline: number
    }
  /** The item gives way to a call: its attempt may go on until then, when `Recall` says that it is to end. */
  | {
      readonly _tag: "Preempt"
      readonly request: RequestId
      readonly attempt: number
      readonly untilMicros: number
    }
  /** End the attempt now, as the gateway's own doing: the item is given out again. */
  | { readonly _tag: "Recall"; readonly request: RequestId; readonly attempt: number }
  /** The call waits, at a model or an instance, with so many others; `Dispatch` or `Refuse` ends it. */
  | {
      readonly _tag: "Wait"
      readonly request: RequestId
      readonly queue: ModelId | InstanceId
      readonly place: number
    }
  | { readonly _tag: "DeclineBatch"; readonly batch: BatchId; readonly reason: DeclineReason }
  /** It is over: held = charged + refund. What is neither completed nor failed was not answered in time. */
  | {
      readonly _tag: "CloseBatch"
      readonly batch: BatchId
      readonly outcome: BatchOutcome
      readonly completed: number
      readonly failed: number
      readonly expired: number
      readonly charged: number
      readonly refund: number
    }

/** Where a step leaves its commands, in order. The driver drains it before the next step. */
export interface CommandSink {
  commands: Array<Command>
  readonly digest: Digest
}

/** A name's number in the digest: its place in its list, from 1 on. */
const numberOf = <T extends string>(names: ReadonlyArray<T>, name: T): number => {
  let place = 0
  while (place < names.length && names[place] !== name) place++
  return place + 1
}

type CommandOf<T extends Command["_tag"]> = Extract<Command, { readonly _tag: T }>

/**
 * Appends a command and rolls every field of it into the digest, the number of its kind first.
 *
 * The three kinds that every call leads to have functions of their own: V8 then knows the shape of
 * what they are given, where one function for all of them looks up each field.
 */
export const emit = (sink: CommandSink, command: Command): void => {
  const { digest } = sink
  switch (command._tag) {
    case "Dispatch":
      return emitDispatch(sink, command)
    case "Finish":
      return emitFinish(sink, command)
    case "Post":
      return emitPost(sink, command)
    case "Refuse":
      mix(digest, 2)
      mix(digest, command.request)
      mix(digest, numberOf(refusals, command.reason))
      break
    case "Probe":
      invariant(command.tokens >= 1, "a probe generates a token or more")
      mix(digest, 4)
      mix(digest, command.instance)
      mix(digest, command.probe)
      mix(digest, numberOf(probePurposes, command.purpose))
      mix(digest, command.tokens)
      break
    case "Measure":
      mix(digest, 5)
      mix(digest, command.instance)
      mix(digest, command.measurement)
      break
    case "Park":
      invariant(command.untilMicros >= 0, "an instance is parked until a time")
      mix(digest, 6)
      mix(digest, command.instance)
      mix(digest, command.untilMicros)
      break
    case "FailOver":
      mix(digest, 7)
      mix(digest, command.node)
      break
    case "Announce":
      mix(digest, 8)
      mix(digest, command.model)
      mix(digest, command.multiplierHundredths)
      break
    case "Audit":
      mix(digest, 9)
      mix(digest, command.subject)
      mix(digest, numberOf(auditFindings, command.finding))
      mix(digest, command.quantity)
      break
    case "Rejected":
      mix(digest, 11)
      mix(digest, numberOf(rejections, command.reason))
      break
    default:
      mixOfHours(digest, command)
  }
  sink.commands.push(command)
}

type HoursCommand = Exclude<
  Command,
  CommandOf<
    | "Dispatch"
    | "Finish"
    | "Post"
    | "Refuse"
    | "Probe"
    | "Measure"
    | "Park"
    | "FailOver"
    | "Announce"
    | "Audit"
    | "Rejected"
  >
>

/** Commands about hours: few, beside those about requests. */
const mixOfHours = (digest: Digest, command: HoursCommand): void => {
  switch (command._tag) {
    case "Book":
      mixThree(digest, 12, command.booking, command.startAt)
      mixThree(digest, command.endAt, command.price, command.bond)
      break
    case "Decline":
      mixThree(digest, 13, command.booking, numberOf(declines, command.reason))
      break
    case "Grant":
      mixThree(digest, 14, command.booking, command.untilMicros)
      break
    case "Revoke":
      mixThree(digest, 15, command.booking, numberOf(revocations, command.reason))
      break
    case "AskConfirmation":
      mixThree(digest, 16, command.booking, command.untilMicros)
      break
    case "AskRuling":
      mixThree(digest, 17, command.booking, command.untilMicros)
      break
    case "Release":
      mixThree(digest, 18, command.booking, command.period)
      mixThree(digest, command.drawn, command.fee, command.share)
      mix(digest, command.refund)
      break
    case "Close":
      mixThree(digest, 19, command.booking, numberOf(bookingOutcomes, command.outcome))
      mixThree(digest, command.price, command.drawn, command.refund)
      mix(digest, command.penalty)
      break
    case "Judge":
      mixThree(digest, 36, command.booking, command.period)
      mixThree(digest, command.upMicros, command.expectedMicros, command.excusedMicros)
      mixThree(digest, command.successes, command.failures, command.responses)
      mixThree(digest, command.onTime, command.responseMicros, command.refund)
      break
    case "Reprice":
      mixThree(digest, 20, command.listing, command.ratePerHour)
      break
    case "ExtendSchedule":
      mixThree(digest, 21, command.listing, command.untilMicros)
      break
    case "Recheck":
      mixThree(digest, 30, command.request, command.instance)
      mix(digest, command.untilMicros)
      break
    case "ExtendPeaks":
      mixThree(digest, 22, command.region, command.untilMicros)
      break
    case "AcceptBatch":
      mixThree(digest, 40, command.batch, command.held)
      mixThree(digest, command.factorBps, command.deadline, 0)
      break
    case "DeclineBatch":
      mixThree(digest, 41, command.batch, numberOf(declines, command.reason))
      break
    case "CloseBatch":
      mixThree(digest, 42, command.batch, numberOf(batchOutcomes, command.outcome))
      mixThree(digest, command.completed, command.failed, command.expired)
      mixThree(digest, command.charged, command.refund, 0)
      break
    case "Wait":
      mixThree(digest, 50, command.request, command.queue)
      mix(digest, command.place)
      break
    case "Preempt":
      mixThree(digest, 51, command.request, command.attempt)
      mix(digest, command.untilMicros)
      break
    case "Recall":
      mixThree(digest, 52, command.request, command.attempt)
      break
    case "Offer":
      mixThree(digest, 33, command.contract, command.untilMicros)
      break
    case "DeclineOffer":
      mixThree(digest, 34, command.contract, numberOf(offerDeclines, command.reason))
      break
    case "CloseOffer":
      mixThree(digest, 35, command.contract, numberOf(contractOutcomes, command.outcome))
      break
  }
}

export const emitDispatch = ({ commands, digest }: CommandSink, command: CommandOf<"Dispatch">) => {
  mix(digest, 1)
  mixThree(digest, command.request, command.attempt, command.instance)
  commands.push(command)
}

export const emitFinish = ({ commands, digest }: CommandSink, command: CommandOf<"Finish">) => {
  mix(digest, 3)
  mixThree(digest, command.request, command.instance, numberOf(outcomes, command.outcome))
  mixThree(digest, command.outputTokens, command.charge, command.fee)
  mixThree(digest, command.share, command.withheld, command.bounty)
  commands.push(command)
}

export const emitPost = ({ commands, digest }: CommandSink, command: CommandOf<"Post">) => {
  mixThree(digest, 10, numberOf(postingKinds, command.kind), command.debit)
  mixThree(digest, command.credit, command.amount, command.reference)
  commands.push(command)
}
