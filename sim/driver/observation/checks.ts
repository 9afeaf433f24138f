/**
 * What must hold in every run: flow balance, Little's law, conservation of credits; and, where a run
 * asks for it, the ledger, the holds and the counters at every turn of the hour. All of it is read off
 * first (`readingOf`); the checks themselves are functions of that reading.
 */
import type { BooksView } from "../../../engine/index.ts"
import { booksView, inFlightOf, overdrawnAccounts } from "../../../engine/index.ts"
import type { Recorder, Recording } from "../../recording/recorder.ts"
import type { Transfers } from "../../recording/transfers.ts"
import { refusedIn } from "../../recording/refusals.ts"
import type { Check } from "../../results/models/run-model.ts"
import { littlesLawGap } from "../../statistics/samples/littles-law.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { RequestsInFlight } from "../stage/requests-in-flight.ts"
import type { Setting } from "../stage/setting.ts"

/** A replication and its market, as far as they can be held against each other. */
export interface Reading {
  readonly sums: Recording["sums"]
  readonly transfers: Transfers
  /** Requests that are open. */
  readonly open: number
  /** From the start of demand until now or the horizon's end, µs; and ∫ open requests dt over it. */
  readonly spanMicros: number
  readonly openMicros: number
  /** Summed times in the market, of those that are over and those that are still open, µs. */
  readonly stayMicros: number
  readonly books: BooksView
  /** Of what is held: for hours that are not settled, minor units; at least so much where any is disputed. */
  readonly heldForHours: number
  /** Of what is held: for batches that are not over. */
  readonly heldForBatches: number
  readonly isDisputed: boolean
  /** Ledger accounts that have less than is held of them. */
  readonly overdrawn: ReadonlyArray<number>
  /** By node: attempts under way, as the market counts them and as the node does. */
  readonly inMarket: ReadonlyArray<number>
  readonly onNodes: ReadonlyArray<number>
  /** Minor units of a credit. */
  readonly credit: number
}

/** What a reading is taken of, and what was counted as events passed. */
export interface Watched {
  readonly setting: Setting
  readonly now: number
  readonly port: MarketPort
  readonly recorder: Recorder
  readonly requests: RequestsInFlight
  readonly nodes: Nodes
  readonly openMicros: number
  /** Summed times in the market of those that are over. */
  readonly sojournMicros: number
  readonly heldForBatches?: number
  readonly heldForHours?:
    { readonly prices: number; readonly bonds: number; readonly isDisputed: boolean } | undefined
}

export const readingOf = (watched: Watched): Reading => {
  const { port, recorder, requests, nodes, now, setting } = watched
  const { startMicros, endMicros, credit } = setting
  const { id, arrivedAt } = requests.columns
  const until = Math.min(now, endMicros)
  let stayMicros = watched.sojournMicros
  for (let slot = 0; slot < id.length; slot++)
    if (id[slot] !== -1) stayMicros += until - arrivedAt[slot]
  const { count } = nodes.table
  return {
    sums: recorder.sums,
    transfers: recorder.transfers,
    open: requests.open,
    spanMicros: until - startMicros,
    openMicros: watched.openMicros,
    stayMicros,
    books: booksView(port.market),
    heldForHours: (watched.heldForHours?.prices ?? 0) + (watched.heldForHours?.bonds ?? 0),
    heldForBatches: watched.heldForBatches ?? 0,
    isDisputed: watched.heldForHours?.isDisputed === true,
    overdrawn: overdrawnAccounts(port.market),
    inMarket: Array.from({ length: count }, (_, node) => inFlightOf(port.market, node)),
    onNodes: [...nodes.columns.inFlight.subarray(0, count)],
    credit,
  }
}

const sum = (values: Float64Array | ReadonlyArray<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}

/** `faults`: what the checks in passing found; `undefined` where they were not asked for. */
export const checksAtEnd = (
  reading: Reading,
  faults: ReadonlyArray<string> | undefined,
): Readonly<Record<string, Check>> => ({
  flowBalance: flowBalance(reading),
  littlesLaw: littlesLaw(reading),
  creditsConserved: creditsConserved(reading),
  transfersAddUp: transfersAddUp(reading),
  bountyPoolSolvent: bountyPoolSolvent(reading),
  countersAtRest: countersAtRest(reading),
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

const flowBalance = ({ sums, open }: Reading): Check => {
  const items = sum(sums.itemsAsked)
  const itemsOver = sum(sums.itemsEnded)
  const arrived = sum(sums.arrived)
  const served = sum(sums.served)
  const wrong = sum(sums.badInput) + sum(sums.tooLong)
  const refused = refusedIn((channel) => sum(sums[channel]))
  return {
    ok: arrived + items === served + wrong + refused + itemsOver + open,
    detail: `${arrived} arrived = ${served} served + ${wrong} answered with a 4xx + ${refused} rejected + ${open} open${items === 0 ? "" : `; of ${items} items of batches ${itemsOver} ended`}`,
  }
}

/**
 * L = λW over the horizon. L comes from how many requests were open at each event; W from when each
 * of them arrived and was over, or the horizon's end for those that were still open then.
 */
const littlesLaw = ({ sums, spanMicros, openMicros, stayMicros }: Reading): Check => {
  const arrived = sum(sums.arrived) + sum(sums.itemsAsked)
  if (arrived === 0 || spanMicros <= 0)
    return { ok: openMicros === 0 && stayMicros === 0, detail: "no request arrived" }
  const meanInSystem = openMicros / spanMicros
  const arrivalRate = arrived / spanMicros
  const meanSojourn = stayMicros / arrived
  return {
    ok: littlesLawGap({ meanInSystem, arrivalRate, meanSojourn }) <= 1e-9,
    detail: [
      `L = ${meanInSystem.toFixed(6)} requests open`,
      `λW = ${(arrivalRate * 1e6).toFixed(6)}/s · ${(meanSojourn / 1e6).toFixed(6)} s`,
    ].join(", "),
  }
}

const creditsConserved = ({ books: { total } }: Reading): Check => ({
  ok: total === 0,
  detail: `sum of all balances is ${total} minor units`,
})

/** What consumers pay is what hosts, the platform and the pool get: so welfare is what is served, less what that costs. */
const transfersAddUp = ({ transfers: { paid, toHosts, toPlatform, toPool } }: Reading): Check => ({
  ok: paid === toHosts + toPlatform + toPool,
  detail: `${paid} minor units paid = ${toHosts} to hosts + ${toPlatform} to the platform + ${toPool} to the pool`,
})

const bountyPoolSolvent = ({ books, credit, sums }: Reading): Check => {
  const balance = books.bountyPool / credit
  const received = sum(sums.poolFee) + sum(sums.withheld)
  const paid = sum(sums.bountyPaid)
  return {
    ok: balance >= 0 && paid <= received + 1e-6,
    detail: `received ${received.toFixed(2)}, paid ${paid.toFixed(2)}, left ${balance.toFixed(2)} credits`,
  }
}

/** Once every request has ended: nothing in flight and nothing held for it, in the kernel or here. */
const countersAtRest = ({
  open,
  books: { held },
  heldForHours,
  heldForBatches,
  isDisputed,
  inMarket,
  onNodes,
}: Reading): Check => {
  const inKernel = sum(inMarket)
  const here = sum(onNodes)
  // Deposits of disputes are held as well.
  const known = heldForHours + heldForBatches
  const isHeldRight = held === known || (isDisputed && held > known)
  const ofHours =
    (heldForHours === 0 ? "" : `, ${heldForHours} of them for hours`) +
    (heldForBatches === 0 ? "" : `, ${heldForBatches} of them for batches`)
  return {
    ok: open > 0 || (inKernel === 0 && here === 0 && isHeldRight),
    detail: `in flight: ${inKernel} in the kernel, ${here} on the nodes; held: ${held} minor units${ofHours}`,
  }
}

/** What does not hold that can be seen at any instant, `hour` hours after demand began. */
export const faultsInPassing = (
  { books: { total }, overdrawn, inMarket, onNodes }: Reading,
  hour: number,
): ReadonlyArray<string> => {
  const faults: Array<string> = []
  if (total !== 0) faults.push(`balances sum to ${total}`)
  for (const account of overdrawn) faults.push(`account ${account} has less than is held`)
  inMarket.forEach((attempts, node) => {
    if (attempts !== onNodes[node]) faults.push(`instance ${node} counts ${attempts} attempts`)
  })
  return faults.map((fault) => `at hour ${hour}: ${fault}`)
}
