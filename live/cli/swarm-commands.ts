/** `evenkeel swarm …`: providers who act together. */
import { Effect, Option } from "effect"
import { closest } from "../../platform/terminal/closest.ts"
import * as Command from "../../platform/terminal/command.ts"
import { alignColumns, jsonOption, printable, printResult } from "../../platform/terminal/output.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { SwarmKind, SwarmMembership, Swarms } from "../protocol/swarm-protocol.ts"
import { swarmKinds } from "../protocol/swarm-protocol.ts"
import { asking, marketOf, marketOptions } from "./profile.ts"

const swarmOption = Parameter.text("swarm", "NAME", `One of ${swarmKinds.join(", ")}.`)

const kindOf = (given: string): Effect.Effect<SwarmKind, UsageError> => {
  const name = given.trim().toLowerCase().replaceAll("-", "_")
  const found = swarmKinds.find((one) => one === name)
  if (found !== undefined) return Effect.succeed(found)
  const meant = closest(name, [...swarmKinds])
  return new UsageError({
    argument: `--swarm ${given}`,
    allowed: `expected ${swarmKinds.join(", ")}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  })
}

const membershipText = (one: SwarmMembership): string =>
  alignColumns([
    ["swarm", one.swarm],
    ["contributes", one.contribution_level],
    ["shares", one.data_sharing === "none" ? "nothing" : "performance metrics"],
    ...Object.entries(one.data).map(([topic, word]) => [topic.replaceAll("_", " "), word]),
    ...(one.proposed_base_rate === null
      ? []
      : [["proposes", `${one.proposed_base_rate} credits/h`]]),
  ])

const joinCommand = Command.make({
  parameters: {
    swarm: swarmOption,
    passive: Parameter.flag("passive", "Your machines share no queue with the others'."),
    sharePerformance: Parameter.flag(
      "share-performance",
      "The others who share see how you do, and you see them.",
    ),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const kind = yield* kindOf(given.swarm)
      const market = yield* marketOf(given)
      const joined = (yield* asking(market, () =>
        market.api.ask("POST", `/swarms/${kind}/join`, {
          contribution_level: given.passive ? "passive" : "active",
          data_sharing: given.sharePerformance ? "performance_metrics" : "none",
        }),
      )) as SwarmMembership
      return yield* printResult(given.json, joined, () => membershipText(joined))
    }),
})

const leaveCommand = Command.make({
  parameters: { swarm: swarmOption, ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const kind = yield* kindOf(given.swarm)
      const market = yield* marketOf(given)
      yield* asking(market, () => market.api.ask("POST", `/swarms/${kind}/leave`))
      return yield* printResult(
        given.json,
        { swarm: kind, left: true },
        () => `You are in ${kind} no more.`,
      )
    }),
})

const word = (name: string, values: string) =>
  Parameter.optional(Parameter.text(name, "WORD", `${values}.`))

const dataCommand = Command.make({
  parameters: {
    demand: word("demand", "What is asked for: low, moderate, high"),
    prices: word("prices", "Where prices are going: decreasing, stable, increasing"),
    constraint: word("constraint", "What is short: none, gpu_memory, compute, network"),
    competition: word("competition", "How hard others compete: low, moderate, high"),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      const data = Object.fromEntries(
        Object.entries({
          current_demand: given.demand,
          price_trends: given.prices,
          resource_constraints: given.constraint,
          competitive_landscape: given.competition,
        }).flatMap(([name, one]) => (Option.isNone(one) ? [] : [[name, one.value]])),
      )
      if (Object.keys(data).length === 0)
        return yield* new UsageError({
          argument: "swarm data",
          allowed: "expected --demand, --prices, --constraint or --competition",
        })
      const market = yield* marketOf(given)
      const told = (yield* asking(market, () =>
        market.api.ask("POST", "/swarms/intelligence/data", data),
      )) as SwarmMembership
      return yield* printResult(given.json, told, () => membershipText(told))
    }),
})

const proposeCommand = Command.make({
  parameters: {
    baseRate: Parameter.text("base-rate", "CREDITS", "An hour for each job, for all members."),
    rationale: Parameter.optional(Parameter.text("rationale", "TEXT", "Why, for the others.")),
    expectedImpact: Parameter.optional(
      Parameter.text("expected-impact", "TEXT", "Such as revenue_increase_15%, likewise."),
    ),
    ...marketOptions,
    json: jsonOption,
  },
  run: (given) =>
    Effect.gen(function* () {
      if (!/^\d+(\.\d+)?$/.test(given.baseRate))
        return yield* new UsageError({
          argument: `--base-rate ${given.baseRate}`,
          allowed: "expected credits as a decimal, such as 0.12",
        })
      const market = yield* marketOf(given)
      const proposed = (yield* asking(market, () =>
        market.api.ask("POST", "/swarms/pricing/proposals", {
          proposed_base_rate: given.baseRate,
          ...(Option.isNone(given.rationale) ? {} : { rationale: given.rationale.value }),
          ...(Option.isNone(given.expectedImpact)
            ? {}
            : { expected_impact: given.expectedImpact.value }),
        }),
      )) as SwarmMembership
      return yield* printResult(given.json, proposed, () => membershipText(proposed))
    }),
})

const listCommand = Command.make({
  parameters: { ...marketOptions, json: jsonOption },
  run: (given) =>
    Effect.gen(function* () {
      const market = yield* marketOf(given)
      const found = (yield* asking(market, () => market.api.ask("GET", "/swarms"))) as Swarms
      return yield* printResult(given.json, found, () => swarmsText(found))
    }),
})

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`

const swarmsText = (found: Swarms): string =>
  [
    alignColumns([
      ["swarm", "members", "you"],
      ...found.data.map((one) => [
        one.is_open ? one.swarm : `${one.swarm} (off)`,
        String(one.members),
        found.own?.memberships.some(({ swarm }) => swarm === one.swarm) === true ? "a member" : "–",
      ]),
    ]),
    "",
    alignColumns([
      ["reported", "by parties"],
      ...Object.entries(found.reported).map(([topic, counts]) => [
        topic.replaceAll("_", " "),
        counts === null
          ? `fewer than ${found.needed_parties} have said anything`
          : Object.entries(counts)
              .map(([said, count]) => `${said} ${count}`)
              .join(", "),
      ]),
      [
        "measured",
        `${percent(found.measured.use)} in use, ${percent(found.measured.mean_use)} over a week`,
      ],
    ]),
    "",
    found.pricing === "off"
      ? "Prices are each provider's own."
      : found.pricing === "binding"
        ? "Once a day every member of pricing asks the members' median."
        : found.advice === null
          ? "No past mean of prices is told now."
          : `On ${found.advice.day} members were paid ${found.advice.rate_per_hour} credits/h on average.`,
    ...(found.own === null || found.own.proposals.length === 0
      ? []
      : [
          "",
          alignColumns([
            ["proposed by", "credits/h", "why", "impact"],
            ...found.own.proposals.map((one) => [
              one.account_id,
              one.proposed_base_rate,
              printable(one.rationale ?? "–"),
              printable(one.expected_impact ?? "–"),
            ]),
          ]),
        ]),
    ...(found.own === null || found.own.performance === null || found.own.performance.length === 0
      ? []
      : [
          "",
          alignColumns([
            ["shares its performance", "reputation"],
            ...found.own.performance.map((one) => [one.account_id, percent(one.overall_score)]),
          ]),
        ]),
  ].join("\n")

export const swarmCommand = Command.group([
  Command.listed("list", "Swarms, and what their members say.", async () => listCommand),
  Command.listed("join", "Join a swarm, or change what you contribute.", async () => joinCommand),
  Command.listed("leave", "Leave a swarm.", async () => leaveCommand),
  Command.listed(
    "data",
    "Report what you see of the market, as a member of intelligence.",
    async () => dataCommand,
  ),
  Command.listed(
    "propose",
    "Propose a base rate, as a member of pricing, where that is binding.",
    async () => proposeCommand,
  ),
])
