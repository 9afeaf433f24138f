/** Providers who act together (docs/rules.md#swarms): who is in a swarm, what members report and propose. */
import type { FastifyInstance } from "fastify"
import type { AccountId, Swarm, Topic } from "../../engine/index.ts"
import {
  membershipsOf,
  microsPerHour,
  sharedPerformance,
  swarmsView,
  topicNames,
} from "../../engine/index.ts"
import { keyOf } from "../directory/authentication.ts"
import { badRequest, conflict } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import * as Protocol from "../protocol/swarm-protocol.ts"
import { creditsOf } from "../views/credits.ts"
import { accountOf, changeRate } from "./caller.ts"
import { rateOf } from "./gpus.ts"
import type { Hours } from "./hours.ts"
import { submittingTo } from "./submitting.ts"

const tag = "Hours"
const keys = ["account", "host"] as const
const smallBodyBytes = 16_384
const microsPerDay = 24 * microsPerHour

const swarmOf: Readonly<Record<Protocol.SwarmKind, Swarm>> = {
  load_balancing: "loadBalancing",
  intelligence: "intelligence",
  pricing: "pricing",
}
const kindOf = Object.fromEntries(
  Object.entries(swarmOf).map(([kind, swarm]) => [swarm, kind]),
) as Readonly<Record<Swarm, Protocol.SwarmKind>>

const wireNameOf: Readonly<Record<Topic, keyof Protocol.MarketData>> = {
  currentDemand: "current_demand",
  priceTrends: "price_trends",
  resourceConstraints: "resource_constraints",
  competitiveLandscape: "competitive_landscape",
}
const wireWord = (word: string): string => (word === "gpuMemory" ? "gpu_memory" : word)
const ownWord = (word: string): string => (word === "gpu_memory" ? "gpuMemory" : word)

export const swarmRoutes = (app: FastifyInstance, hours: Hours): void => {
  const { services, calendar } = hours
  const { directory, driver } = services
  const credits = (minor: number): string => creditsOf(driver.market, minor)
  const submit = submittingTo(driver)

  const membershipOf = (account: AccountId, kind: Protocol.SwarmKind): Protocol.SwarmMembership => {
    const found = memberships(account).find(({ swarm }) => swarm === kind)
    if (found === undefined) throw new Error("hours: a member of a swarm is not in it")
    return found
  }
  const memberships = (account: AccountId): ReadonlyArray<Protocol.SwarmMembership> =>
    membershipsOf(driver.market, account).map((one) => ({
      swarm: kindOf[one.swarm],
      contribution_level: one.isActive ? "active" : "passive",
      data_sharing: one.sharesPerformance ? "performance_metrics" : "none",
      data: Object.fromEntries(
        topicNames.flatMap((topic) => {
          const word = one.words[topic]
          return word === undefined ? [] : [[wireNameOf[topic], wireWord(word)]]
        }),
      ),
      proposed_base_rate: one.proposedRate === undefined ? null : credits(one.proposedRate),
    }))

  const swarmRoute = <B>(
    deed: string,
    summary: string,
    body: Parameters<typeof routeSchema>[0]["body"],
    act: (account: AccountId, kind: Protocol.SwarmKind, wish: B) => void,
  ): void => {
    app.post<{ Params: Protocol.SwarmPath; Body: B }>(
      `/swarms/:kind/${deed}`,
      {
        bodyLimit: smallBodyBytes,
        config: changeRate(services),
        schema: routeSchema({
          tag,
          summary,
          keys,
          params: Protocol.SwarmPath,
          ...(body === undefined ? {} : { body }),
          ...(deed === "leave"
            ? { without: "It is in that swarm no more" }
            : { answers: { 200: Protocol.SwarmMembership } }),
          errors: [409],
        }),
      },
      async (request, reply) => {
        const { account } = accountOf(services, request, ...keys)
        const { kind } = request.params
        act(account.id, kind, request.body as B)
        await driver.durable()
        return deed === "leave"
          ? reply.status(204).send()
          : reply.header("cache-control", "no-store").send(membershipOf(account.id, kind))
      },
    )
  }

  const requireKind = (
    kind: Protocol.SwarmKind,
    wanted: Protocol.SwarmKind,
    what: string,
  ): void => {
    if (kind !== wanted)
      throw conflict("not_in_this_swarm", `${what} in the swarm ${wanted}, not in ${kind}`)
  }

  swarmRoute<Protocol.SwarmJoin>(
    "join",
    "Join a swarm; or change, as a member, what one contributes",
    Protocol.SwarmJoin,
    (account, kind, { contribution_level = "active", data_sharing = "none" }) =>
      submit({
        _tag: "SwarmJoined",
        account,
        swarm: swarmOf[kind],
        isActive: contribution_level === "active",
        sharesPerformance: data_sharing === "performance_metrics",
      }),
  )
  swarmRoute<undefined>(
    "leave",
    "Leave a swarm, with all that was said and proposed in it",
    undefined,
    (account, kind) => submit({ _tag: "SwarmLeft", account, swarm: swarmOf[kind] }),
  )
  swarmRoute<Protocol.MarketData>(
    "data",
    "Report what one sees of the market: others are told how many parties say so",
    Protocol.MarketData,
    (account, kind, wish) => {
      requireKind(kind, "intelligence", "Market data is shared")
      const said = topicNames.flatMap((topic) => {
        const word = wish[wireNameOf[topic]]
        return word === undefined ? [] : [{ topic, word: ownWord(word) }]
      })
      if (said.length === 0)
        throw badRequest(
          `Nothing is reported: give ${Object.values(wireNameOf).join(", ")}, or some`,
        )
      for (const one of said) submit({ _tag: "DataShared", account, ...one })
    },
  )
  swarmRoute<Protocol.PriceProposal>(
    "proposals",
    "Propose the base rate that all members ask, where the market's swarm prices are binding",
    Protocol.PriceProposal,
    (account, kind, { proposed_base_rate, rationale, expected_impact }) => {
      requireKind(kind, "pricing", "Prices are proposed")
      const baseRate = rateOf(services, proposed_base_rate, "proposed_base_rate")
      submit({ _tag: "PriceProposed", account, baseRate })
      const record = directory.accounts.get(account)
      if (record !== undefined)
        directory.accounts.put({
          ...record,
          proposal: {
            ...(rationale === undefined ? {} : { rationale }),
            ...(expected_impact === undefined ? {} : { expectedImpact: expected_impact }),
          },
        })
    },
  )

  const publicIdOf = (account: AccountId): string => directory.accounts.get(account)?.publicId ?? ""

  const performanceFor = (account: AccountId) =>
    sharedPerformance(driver.market, account)?.map(({ account: other, known }) => ({
      account_id: publicIdOf(other),
      overall_score: Math.round(known.overall * 10_000) / 10_000,
    })) ?? null

  /** Members tell each other, and nobody else. O(accounts). */
  const proposalsFor = (account: AccountId) => {
    const isMember = (of: AccountId) =>
      membershipsOf(driver.market, of).some(({ swarm }) => swarm === "pricing")
    if (!isMember(account)) return []
    return [...directory.accounts.all()].flatMap(({ id, publicId, proposal }) => {
      if (proposal === undefined) return []
      const rate = membershipsOf(driver.market, id).find(({ swarm }) => swarm === "pricing")
      if (rate?.proposedRate === undefined) return []
      return [
        {
          account_id: publicId,
          proposed_base_rate: credits(rate.proposedRate),
          rationale: proposal.rationale ?? null,
          expected_impact: proposal.expectedImpact ?? null,
        },
      ]
    })
  }

  app.get(
    "/swarms",
    {
      schema: routeSchema({
        tag,
        summary:
          "Swarms: their sizes, what members report as counts, what the market has measured; and one's own part in them",
        keys,
        isKeyOptional: true,
        answers: { 200: Protocol.Swarms },
      }),
    },
    async (request, reply) => {
      const account = keyOf(services, request, keys)?.account
      const { hours: sold, swarms } = driver.market.economy
      const { members, reported, use, meanUse, advice } = swarmsView(driver.market)
      const isOpen = (kind: Protocol.SwarmKind): boolean =>
        sold.areSold && (kind !== "pricing" || swarms.pricing !== "off")
      return reply.header("cache-control", "no-store").send({
        data: Protocol.swarmKinds.map((kind) => ({
          swarm: kind,
          members: members[swarmOf[kind]],
          is_open: isOpen(kind),
        })),
        pricing: swarms.pricing,
        reported: Object.fromEntries(
          topicNames.map((topic) => {
            const counts = reported[topic]
            return [
              wireNameOf[topic],
              counts === undefined
                ? null
                : Object.fromEntries(
                    Object.entries(counts).map(([word, count]) => [wireWord(word), count]),
                  ),
            ]
          }),
        ),
        needed_parties: swarms.dataParties,
        measured: { use, mean_use: meanUse },
        advice:
          advice === undefined
            ? null
            : {
                day: calendar.isoOf(advice.day * microsPerDay).slice(0, 10),
                rate_per_hour: credits(advice.ratePerHour),
              },
        own:
          account === undefined
            ? null
            : {
                memberships: memberships(account),
                performance: performanceFor(account),
                proposals: proposalsFor(account),
              },
      } satisfies Protocol.Swarms)
    },
  )
}
