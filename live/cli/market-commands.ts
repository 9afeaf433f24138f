/** The commands of those who sell and book hours: each by itself, and all of them as `evenkeel marketplace …`. */
import { group, listed } from "../../platform/terminal/command.ts"

export const hoursCommands = [
  listed(
    "init",
    "Open an account at a market, or take the key that you have, for the commands that follow.",
    async () => (await import("./init-command.ts")).initCommand,
  ),
  listed(
    "gpu",
    "Machines that are sold by the hour: yours, and the market's.",
    async () => (await import("./gpu-commands.ts")).gpuCommand,
  ),
  listed(
    "status",
    "How a machine of yours does: utilization, bookings, realized rate.",
    async () => (await import("./figure-commands.ts")).statusCommand,
  ),
  listed(
    "earnings",
    "What a machine of yours earned: by the hour, and by calls that its host served.",
    async () => (await import("./figure-commands.ts")).earningsCommand,
  ),
  listed(
    "analytics",
    "How much of a machine of yours was sold, when most, and what brought most for an hour of work.",
    async () => (await import("./insight-commands.ts")).analyticsCommand,
  ),
  listed(
    "suggestions",
    "What you could change about a machine of yours, and the figures that it follows from.",
    async () => (await import("./insight-commands.ts")).suggestionsCommand,
  ),
  listed(
    "alerts",
    "What the checks of your machines have found: GPUs that failed, memory, failing jobs.",
    async () => (await import("./insight-commands.ts")).alertsCommand,
  ),
  listed(
    "rates",
    "What hours cost, region by region.",
    async () => (await import("./figure-commands.ts")).ratesCommand,
  ),
  listed(
    "book",
    "Book hours of a machine.",
    async () => (await import("./booking-commands.ts")).bookCommand,
  ),
  listed(
    "bookings",
    "Your bookings, as consumer and as provider.",
    async () => (await import("./booking-commands.ts")).bookingsCommand,
  ),
  listed(
    "confirm",
    "Confirm what was delivered: it is paid for at once.",
    async () => (await import("./booking-commands.ts")).confirmCommand,
  ),
  listed(
    "end",
    "End a booking before its time.",
    async () => (await import("./booking-commands.ts")).endCommand,
  ),
  listed(
    "dispute",
    "Dispute what is not paid for yet.",
    async () => (await import("./booking-commands.ts")).disputeCommand,
  ),
  listed(
    "answer",
    "Answer a dispute of the other party.",
    async () => (await import("./booking-commands.ts")).answerCommand,
  ),
  listed(
    "cancel",
    "Cancel a booking before it has begun.",
    async () => (await import("./booking-commands.ts")).cancelCommand,
  ),
  listed(
    "contract",
    "Hours at a fixed rate that a provider offers one client.",
    async () => (await import("./offer-commands.ts")).contractCommand,
  ),
  listed(
    "reservation",
    "Memory that a provider keeps for one client, for a fee.",
    async () => (await import("./offer-commands.ts")).reservationCommand,
  ),
  listed(
    "sla",
    "What was promised with a booking, and what came of it.",
    async () => (await import("./offer-commands.ts")).slaCommand,
  ),
  listed(
    "rate",
    "Say how a booking was that is over: one star to five.",
    async () => (await import("./reputation-commands.ts")).rateCommand,
  ),
  listed(
    "reputation",
    "What a machine's provider is known for, and what that rests on.",
    async () => (await import("./reputation-commands.ts")).reputationCommand,
  ),
  listed(
    "swarm",
    "Providers who act together: share queues, data, or a price.",
    async () => (await import("./swarm-commands.ts")).swarmCommand,
  ),
  listed(
    "batch",
    "Many requests that can wait, answered within a day at a discount.",
    async () => (await import("./batch-commands.ts")).batchCommand,
  ),
]

export const marketplaceCommand = group(hoursCommands)
