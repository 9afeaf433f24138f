/**
 * What must hold in every run: flow balance, Little's law, conservation of credits; and, where a run
 * asks for it, the ledger, the holds and the counters at every turn of the hour.
 */
import { bountyPoolAccount, totalOf } from "../../engine/index.ts"
import type { Check } from "../results/model.ts"
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
  const refused =
    sum(sums["refused.InsufficientCredits"]) +
    sum(sums["refused.PriceTooHigh"]) +
    sum(sums["refused.NoInstance"]) +
    sum(sums["refused.NoCapacity"]) +
    sum(sums["refused.AttemptFailed"])
  return {
    ok: arrived === served + refused + requests.open,
    detail: `${arrived} arrived = ${served} served + ${refused} rejected + ${requests.open} open`,
  }
}

/** L = λW, times the length of the run: ∫ attempts in flight dt equals the summed durations. */
const littlesLaw = ({ recorder }: World): Check => {
  const inFlight = recorder.inFlightSecondsInAll
  const durations = recorder.attemptSecondsInAll
  return {
    ok: Math.abs(inFlight - durations) <= 1e-9 * Math.max(1, durations),
    detail: `∫ in flight dt = ${inFlight.toFixed(3)} s, summed durations = ${durations.toFixed(3)} s`,
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
