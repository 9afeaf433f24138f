/**
 * Attacks on a market of hours, each with the honest conduct of the same party on the same machines. What counts is
 * the party's gain: its profit, what is left of the credits that it bought, and what the hours that it rented were worth.
 */
import type { AttackPlan, AttackWay } from "./attack-catalogue.ts"
import { bareHours, crowdedHours, letBy } from "./hours-markets.ts"

const honest = { "stays honest": [] }
const party = (machines: number, hours: string): string =>
  `parties=[{name: subject, device: RTX 4090, model: llama-3-8b, machines: ${machines}, hours: {${hours}}}]`
/** A renter's own machine serves calls, of which there are none. */
const renter = (rents: string): string => party(1, `rents: {${rents}}`)
const rents = (setting: string): string => `parties.0.hours.rents.${setting}`
const host = letBy
const lets = (setting: string): string => `parties.0.hours.lets.${setting}`

const inHours = (
  label: string,
  both: ReadonlyArray<string>,
  attack: ReadonlyArray<string>,
  report: ReadonlyArray<string>,
): AttackWay => ({
  label,
  scenario: "strategies-of-price",
  both: [...bareHours, ...both],
  honest,
  attack,
  report,
})

const eightHours = [renter("needsPerDay: 6, hours: 8, worth: 2")]
const twelveHours = [renter("needsPerDay: 4, hours: 12, worth: 2")]
/** Rulings are mistaken once in twenty, and one party in twenty does not answer. */
const fallible = [
  "hours.rulingError=0.05",
  "hours.providers.answerShare=0.95",
  "hours.renters.answerShare=0.95",
]
/** For three bookings in ten somebody outside of the market offers 1.3 times the price. */
const betterBuyer = host("outsideShare: 0.3, outsideFactor: 1.3")

export const hoursAttacks: ReadonlyArray<AttackPlan> = [
  {
    id: "bulk-gaming",
    title: "Booking ten hours and a bit, and leaving after eight",
    means:
      "Books 10.001 hours for the discount on long rentals wherever it wants 8, and leaves when it is done.",
    ways: (
      [
        ["most machines free", ["hours.renters.ordersPerDay=8"]],
        ["two fifths of the machines in use", []],
      ] as const
    ).map(([label, load]) =>
      inHours(
        `8 hours, six times a day, ${label}`,
        [...load, ...eightHours],
        [rents("bookedHours=10.001")],
        ["hours.revenuePerDay", "hours.realisedRate"],
      ),
    ),
  },
  {
    id: "wash-booking",
    title: "Booking oneself to make the region dear",
    means:
      "Rents its own machines through ten accounts that nobody links to it, an hour at a time, so that the region is in demand.",
    ways: [
      inHours(
        "8 of 28 machines, most of the others in use",
        [crowdedHours, host("")],
        [
          "parties.0.hours.rents={needsPerDay: 48, hours: 1, worth: 0, from: own, paidBy: puppets, puppets: 10}",
        ],
        ["hours.rateIndex", "hours.surplusPerDay"],
      ),
    ],
  },
  {
    id: "no-show",
    title: "Not showing up for a better buyer",
    means:
      "For three bookings in ten somebody outside of the market offers 1.3 times the price; it takes it.",
    // The bond stands for a day; a penalty of an hour leaves most of what the better buyer pays.
    ways: (
      [
        ["", []],
        [", a penalty of 24 hours", ["economy.escrow.penaltyHours=24"]],
      ] as const
    ).map(([label, knobs]) =>
      inHours(
        `8 of 28 machines${label}`,
        [...knobs, betterBuyer],
        [lets("breach=noShow")],
        ["hours.noShowShare", "hours.penaltiesPerDay", "hours.surplusPerDay"],
      ),
    ),
  },
  {
    id: "leaving",
    title: "Showing up, and leaving for a better buyer",
    means:
      "For three bookings in ten somebody outside of the market offers 1.3 times the price; it gives access, and ends the booking a minute later.",
    ways: [
      inHours(
        "8 of 28 machines",
        [betterBuyer],
        [lets("breach=leaves")],
        ["hours.refundRatio", "hours.surplusPerDay"],
      ),
    ],
  },
  {
    id: "box",
    title: "Offline when rented, while a cheap box beats",
    means:
      "For three bookings in ten it sells the machine elsewhere, and a box without a GPU answers for it; one renter in four disputes what it was not given.",
    ways: (
      [
        ["half the price", host("outsideShare: 0.3, outsideFactor: 0.5")],
        ["1.3 times the price", betterBuyer],
      ] as const
    ).map(([label, subject]) =>
      inHours(
        `8 of 28 machines, sold elsewhere at ${label}`,
        ["hours.renters.disputeShare=0.25", subject],
        [lets("breach=box")],
        ["hours.surplusPerDay", "hours.refundRatio", "hours.disputeShare"],
      ),
    ),
  },
  {
    id: "maintenance",
    title: "Maintenance into sold hours",
    means:
      "For three bookings in ten somebody outside of the market offers 1.3 times the price; it gives access, and declares its machine to be maintained until the booking ends. One renter in four disputes what it was not given.",
    ways: [
      inHours(
        "8 of 28 machines",
        ["hours.renters.disputeShare=0.25", betterBuyer],
        [lets("breach=maintenance")],
        ["hours.refundRatio", "hours.surplusPerDay"],
      ),
      inHours(
        "8 of 28 machines, 99% promised",
        [
          "hours.renters.disputeShare=0.25",
          host("promises: true, outsideShare: 0.3, outsideFactor: 1.3"),
        ],
        [lets("breach=maintenance")],
        ["hours.breachesPerBooking", "hours.periodRefundRatio", "hours.surplusPerDay"],
      ),
    ],
  },
  {
    id: "breaking",
    title: "Breaking the machine in the last hour",
    means: "Its workload takes the machine down an hour before the end of twelve.",
    ways: [
      inHours(
        "12 hours, four times a day",
        twelveHours,
        [rents("breaksLastMinutes=60")],
        ["hours.refundRatio", "hours.profitPerDay"],
      ),
    ],
  },
  {
    id: "false-dispute",
    title: "Disputing what was delivered",
    means:
      "Disputes every booking; one ruling in twenty is mistaken, and one provider in twenty does not answer.",
    ways: (
      [
        ["", eightHours],
        // Whoever loses three deposits twice as much: none of these does.
        [
          ", through 60 accounts that nobody links",
          [renter("needsPerDay: 6, hours: 8, worth: 2, paidBy: puppets, puppets: 60")],
        ],
      ] as const
    ).map(([label, subject]) =>
      inHours(
        `8 hours, six times a day${label}`,
        [...fallible, ...subject],
        [rents("disputes=true")],
        ["hours.disputeShare", "hours.rulingError", "hours.profitPerDay"],
      ),
    ),
  },
  {
    id: "false-dispute-by-host",
    title: "Disputing what was not delivered",
    means:
      "Its machines are away for an hour in two booked days. It disputes before they count as lost, and whatever it is not to be paid for; one ruling in twenty is mistaken, and one renter in twenty does not answer.",
    ways: [
      inHours(
        "8 of 28 machines",
        [...fallible, "hours.providers.awayPerBookedDay=0.5", host("")],
        [lets("disputes=true")],
        ["hours.disputeShare", "hours.rulingError", "hours.surplusPerDay"],
      ),
    ],
  },
  {
    id: "silent-confirm",
    title: "Never confirming",
    means: "Leaves every confirmation to the market.",
    ways: [
      inHours(
        "8 hours, six times a day",
        eightHours,
        [rents("isSilent=true")],
        ["hours.heldCredits"],
      ),
    ],
  },
  {
    id: "hoarding",
    title: "Holding calendars, and cancelling late",
    means:
      "Books 30 hours ahead for needs of which every second goes away, and cancels those ten minutes before the start.",
    // What is cancelled at the last minute costs an hour: less than the chance of a machine is worth where they are scarce.
    ways: (
      [
        ["", []],
        [", a fee of 4 hours", ["economy.escrow.cancelFeeHours=4"]],
      ] as const
    ).map(([label, knobs]) =>
      inHours(
        `8 hours, twelve times a day, most machines in use${label}`,
        [
          crowdedHours,
          ...knobs,
          renter("needsPerDay: 12, hours: 8, worth: 2, needShare: 0.5, noticeHours: 30"),
        ],
        [rents("isHoarding=true")],
        ["hours.declined.NoCapacity", "hours.soldShare", "hours.profitPerDay"],
      ),
    ),
  },
  {
    id: "rate-flicker",
    title: "Flickering rates",
    means:
      "Its base rate changes between half and one and a half times the published one with every turn of the rates.",
    ways: [
      inHours(
        "8 of 28 machines",
        [host("")],
        [lets("flickerMinutes=15")],
        ["hours.rateDispersion", "hours.rateIndex"],
      ),
    ],
  },
]
