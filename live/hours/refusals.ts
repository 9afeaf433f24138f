/** What whoever asks for hours is told where the market does not sell them, or not do what was asked. */
import type { DeclineReason, OfferDecline, Rejection } from "../../engine/index.ts"
import { badRequest, conflict, HttpError } from "../http/http-error.ts"

const unpaid = (code: string, message: string): HttpError =>
  new HttpError({ status: 402, type: "insufficient_quota", code, message })

/** Of an order. */
export const declined = (reason: DeclineReason): HttpError => {
  switch (reason) {
    case "InsufficientCredits":
      return unpaid("insufficient_credits", "The credits that can be spent do not cover the price")
    case "PriceTooHigh":
      return conflict("price_too_high", "The hours cost more now than max_price allows")
    case "NotOpen":
      return conflict("not_open", "The machine is not offered now: it is a draft, paused or closed")
    case "OffSchedule":
      return conflict(
        "off_schedule",
        "The machine is closed by its schedule in a part of these hours",
      )
    case "NoCapacity":
      return conflict("no_capacity", "A part of these hours is sold already")
    case "InThePast":
      return badRequest("start lies in the past; left out, the booking begins now", "start")
    case "TooShort":
      return badRequest("The hours are shorter than the market sells them", "hours")
    case "TooLong":
      return badRequest("The hours are longer than the market sells them", "hours")
    case "TooFarAhead":
      return badRequest("The hours end further ahead than the market sells them", "start")
    case "Offline":
      return conflict(
        "offline",
        "The machine is not heard of now; hours of it can be booked that begin later than it is given to come back",
      )
    case "BondMissing":
      return conflict(
        "bond_missing",
        "The provider has not the credits that it has to stand for these hours with",
      )
  }
}

/** Of an offer. */
export const offerDeclined = (
  reason: OfferDecline,
  kind: "contract" | "reservation",
): HttpError => {
  const length = kind === "contract" ? "duration_hours" : "reservation_duration"
  switch (reason) {
    case "LimitReached":
      return conflict(
        "limit_reached",
        kind === "contract"
          ? "The provider has as many open offers as it may have at once: one has to be answered, or withdrawn"
          : "The provider has as many open offers as it may have at once, or the client as much of the region reserved as one may have",
      )
    case "LinkedClient":
      return conflict(
        "linked_client",
        "The client is linked to the provider: nothing is kept for one's own",
      )
    case "TooShort":
      return badRequest(`\`${length}\`: must be as long as the market sells hours`, length)
    case "TooLong":
      return badRequest(`\`${length}\`: must be no longer than the market sells hours`, length)
    case "TooFarAhead":
      return badRequest(
        `\`${length}\`: must end no further ahead than the market sells hours, also where the offer is accepted at the last moment`,
        length,
      )
    case "PriceTooHigh":
      return conflict(
        "price_too_high",
        "An extension costs no more by the hour than what it goes on from",
      )
    case "InThePast":
      return badRequest("`start`: must be ahead; left out, it begins when it is accepted", "start")
    default:
      return declined(reason)
  }
}

/** Of anything else. Whoever asks is known, and a party. */
export const rejected = (rejection: Rejection): HttpError => {
  switch (rejection) {
    case "HoursNotSold":
      return conflict("hours_not_sold", "This market sells no hours: its economy has them off")
    case "TiersNotOffered":
      return conflict("tiers_not_offered", "This market has no tiers: its economy has them off")
    case "QueuesNotOffered":
      return conflict(
        "queues_not_offered",
        "In this market calls wait at no single machine: its economy says where they do",
      )
    case "NotParty":
      return new HttpError({
        status: 403,
        type: "permission_error",
        code: "not_yours_to_do",
        message: "That is for another party of the booking to do",
      })
    case "UnknownBooking":
    case "WrongPhase":
      return conflict(
        "wrong_step",
        "The booking is at another step of its life: that cannot be done now",
      )
    case "InsufficientCredits":
      return unpaid(
        "insufficient_credits",
        "That takes a deposit of bought or earned credits, and these are not enough",
      )
    case "Booked":
      return conflict("booked", "Hours of it are sold: what is sold stays as it was sold")
    case "NotMember":
      return conflict(
        "not_member",
        "That is for members of the swarm: POST /swarms/:kind/join first",
      )
    case "SwarmOff":
      return conflict(
        "swarm_off",
        "This market's providers set their prices by themselves: its economy has swarm prices off, or only tells past means",
      )
    case "InvalidQuantity":
      return badRequest("A figure is out of its bounds")
    case "InvalidSpans":
      return badRequest("The schedule's times do not follow one another", "schedule")
    default:
      return conflict("refused", `The market refused it: ${rejection}`)
  }
}
