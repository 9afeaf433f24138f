/**
 * What must hold in every run: flow balance, Little's law, conservation of credits; and, where a run
 * asks for it, the ledger, the holds and the counters at every turn of the hour.
 */
import { bountyPoolAccount, totalOf } from "../../engine/index.ts"
import type { Check } from "../results/model.ts"
import { littlesLawGap } from "../statistics/littles-law.ts"
import type { World } from "./world.ts"

const sum = (values: Float64Array): number => values.reduce((total, one) => total + one, 0)

/** `faults`: what the checks in passing found; `undefined` where they were not asked for. */
export const checksAtEnd = (
  world: World,
  faults: ReadonlyArray<string> | undefined,
): Readonly<Record<string, Check>> => ({
  flowBalance: flowBalance(world),
  littlesLaw: littlesLaw(world),
  creditsConserved: creditsConserved(world),
  bountyPoolSolvent: bountyPoolSolvent(world),
  countersAtRest: countersAtRest(world),
  ...(faults === undefined
    ? {}
    : {
        hourly: {
          ok: faults.length === 0,
          detail:
            faults.length === 0
              ? "balances, holds and counters agreed at every turn of the hour"
              : faults.slice(0, 5).join("; "),
        },
      }),
})

const flowBalance = ({ recorder, requests }: World): Check => {
  const { sums } = recorder
  const arrived = sum(sums.arrived)
  const served = sum(sums.served)
  const wrong = sum(sums.badInput) + sum(sums.tooLong)
  const refused =
    sum(sums["refused.InsufficientCredits"]) +
    sum(sums["refused.PriceTooHigh"]) +
    sum(sums["refused.NoInstance"]) +
    sum(sums["refused.NoCapacity"]) +
    sum(sums["refused.AttemptFailed"])
  return {
    ok: arrived === served + wrong + refused + requests.open,
    detail: `${arrived} arrived = ${served} served + ${wrong} answered with a 4xx + ${refused} rejected + ${requests.open} open`,
  }
}

/**
 * L = λW over the horizon. L comes from how many requests were open at each event; W from when each
 * of them arrived and was over, or the horizon's end for those that were still open then.
 */
const littlesLaw = (world: World): Check => {
  const { recorder, requests, startMicros, endMicros, now, openMicros } = world
  const arrived = sum(recorder.sums.arrived)
  const { id, arrivedAt } = requests.columns
  const until = Math.min(now, endMicros)
  let stays = world.sojournMicros
  for (let slot = 0; slot < id.length; slot++) if (id[slot] !== -1) stays += until - arrivedAt[slot]
  const span = until - startMicros
  if (arrived === 0 || span <= 0)
    return { ok: openMicros === 0 && stays === 0, detail: "no request arrived" }
  const meanInSystem = openMicros / span
  const arrivalRate = arrived / span
  const meanSojourn = stays / arrived
  return {
    ok: littlesLawGap({ meanInSystem, arrivalRate, meanSojourn }) <= 1e-9,
    detail: [
      `L = ${meanInSystem.toFixed(6)} requests open`,
      `λW = ${(arrivalRate * 1e6).toFixed(6)}/s · ${(meanSojourn / 1e6).toFixed(6)} s`,
    ].join(", "),
  }
}

const creditsConserved = ({ market }: World): Check => {
  const total = totalOf(market.ledger)
  return { ok: total === 0, detail: `sum of all balances is ${total} minor units` }
}

const bountyPoolSolvent = ({ market, credit, recorder }: World): Check => {
  const balance = market.ledger.posted[bountyPoolAccount] / credit
  const { sums } = recorder
  const received = sum(sums.poolFee) + sum(sums.withheld)
  const paid = sum(sums.bountyPaid)
  return {
    ok: balance >= 0 && paid <= received + 1e-6,
    detail: `received ${received.toFixed(2)}, paid ${paid.toFixed(2)}, left ${balance.toFixed(2)} credits`,
  }
}

/** Once every request has ended: nothing in flight and nothing held, in the kernel or here. */
const countersAtRest = ({ market, nodes, requests }: World): Check => {
  const inKernel = sum(Float64Array.from(market.instances.columns.inFlight))
  const here = sum(Float64Array.from(nodes.columns.inFlight))
  const held = sum(market.ledger.held)
  return {
    ok: requests.open > 0 || (inKernel === 0 && here === 0 && held === 0),
    detail: `in flight: ${inKernel} in the kernel, ${here} on the nodes; held: ${held} minor units`,
  }
}

/** The invariants that can be seen at any instant; appends what does not hold. */
export const checksInPassing = (world: World, faults: Array<string>): void => {
  const { market, nodes, now } = world
  const { ledger } = market
  const at = `at hour ${Math.round((now - world.startMicros) / 3.6e9)}`
  if (totalOf(ledger) !== 0) faults.push(`${at}: balances sum to ${totalOf(ledger)}`)
  for (let account = 2; account < ledger.posted.length; account++) {
    const isPromotion = account === 3
    if (!isPromotion && ledger.posted[account] < ledger.held[account])
      faults.push(`${at}: account ${account} has less than is held`)
  }
  const { ids, columns } = market.instances
  for (let slot = 0; slot < market.instances.used; slot++)
    if (ids[slot] !== -1 && columns.inFlight[slot] !== nodes.columns.inFlight[ids[slot]])
      faults.push(`${at}: instance ${ids[slot]} counts ${columns.inFlight[slot]} attempts`)
}
