/** What holds of bounties, claims, vesting and seats between steps. */
import { invariant } from "../../core/invariant.ts"
import { isWhole } from "../../core/units.ts"
import { lotAccount, vesting } from "../../ledger/accounts.ts"
import type { VacantSeat } from "../../rules/flap.ts"
import type { Market } from "../state/market-state.ts"

/** Asserts it of the whole market. O(models + accounts + nodes + instances). */
export const auditPayout = (market: Market): void => {
  for (let model = 0; model < market.models.used; model++) auditBounty(market, model)
  auditClaims(market)
  auditVesting(market)
  auditSeats(market)
}

const auditBounty = ({ demandByParty, models, rules }: Market, model: number): void => {
  const { columns } = models
  const multiplier = columns.multiplierHundredths[model]
  invariant(
    multiplier >= 100 && multiplier <= Math.round(100 * rules.bountyMaxMultiplier),
    "a multiplier in force lies between 1 and the rules' most",
  )
  invariant(columns.premiumPerMtok[model] >= 0, "a premium is at least 0")
  invariant(
    multiplier > 100 || columns.announcedUntil[model] === 0,
    "a bounty that is announced has a term, and no other has",
  )
  invariant(isWhole(columns.demandTokens[model]), "the demand of an hour is whole tokens")
  invariant(columns.demandAverage[model] >= 0, "the average of demand is at least 0")
  invariant(columns.supply[model] >= 0, "supply is at least 0")
  invariant(
    isWhole(columns.servedTokens[model]) && isWhole(columns.servedRequests[model]),
    "what a model has served is whole",
  )
  let byParty = 0
  for (const tokens of demandByParty[model].values()) byParty += tokens
  invariant(
    byParty === (rules.maxDemandShare === 1 ? 0 : columns.demandTokens[model]),
    "a model's demand is that of its parties",
  )
}

const auditClaims = ({ accounts, claimants }: Market): void => {
  const { claimNow, claimVesting } = accounts.columns
  const listed = new Set(claimants)
  invariant(listed.size === claimants.length, "whoever claims is listed once")
  for (let account = 0; account < accounts.used; account++) {
    invariant(
      isWhole(claimNow[account]) && isWhole(claimVesting[account]),
      "a claim is whole, and at least 0",
    )
    invariant(
      listed.has(account) === claimNow[account] + claimVesting[account] > 0,
      "whoever has a claim is listed, and nobody else is",
    )
  }
}

const auditVesting = ({ accounts, ledger, rules, vestings }: Market): void => {
  for (let account = 0; account < accounts.used; account++) {
    const cohorts = vestings.get(account) ?? new Float64Array()
    let total = 0
    for (const amount of cohorts) {
      invariant(isWhole(amount), "what a cohort holds is whole, and at least 0")
      total += amount
    }
    invariant(
      total === ledger.posted[lotAccount(account, vesting)],
      "a vesting lot is what its cohorts hold",
    )
  }
  for (const cohorts of vestings.values())
    invariant(cohorts.length === rules.vestingDays + 1, "there is a cohort for each day of vesting")
}

const auditSeats = (market: Market): void => {
  const { accounts, bequeathedSeats, instances, nodes, now, rules, vacantSeats } = market
  for (const [node, seats] of vacantSeats) {
    invariant(nodes.ids[node] >= 0, "seats are vacant on nodes that are there")
    auditVacant(market, seats)
  }
  for (const [operator, seats] of bequeathedSeats) {
    invariant(
      accounts.columns.party[operator] === operator,
      "seats are left to a party's first account",
    )
    auditVacant(market, seats)
    const models = new Set(seats.map((seat) => seat.model))
    invariant(models.size === seats.length, "one seat a model is left to an operator")
  }
  for (const { columns, used } of [nodes, accounts])
    for (let row = 0; row < used; row++) {
      invariant(
        columns.reduction[row] >= 0 && columns.reduction[row] <= rules.flapMax,
        "no more is withheld than the rules' most",
      )
      invariant(columns.reductionAt[row] <= now, "a reduction has begun")
    }
  for (let instance = 0; instance < instances.used; instance++)
    invariant(instances.columns.seatSince[instance] <= now, "a seat that is held was taken")
}

const auditVacant = ({ models, now }: Market, seats: ReadonlyArray<VacantSeat>): void => {
  invariant(seats.length > 0, "a list of vacant seats has some")
  seats.forEach(({ model, since, vacantSince }, index) => {
    invariant(models.ids[model] >= 0, "a vacant seat is of a model that is listed")
    invariant(since <= vacantSince, "a seat was taken before it was left")
    invariant(vacantSince <= now, "a vacant seat has been left")
    invariant(
      index === 0 || seats[index - 1].since <= since,
      "vacant seats are listed oldest first",
    )
  })
}
