/**
 * How each party of a scenario fared, from the start of demand to the end: no warm-up is cut off, for
 * what a newcomer earns as one is part of what its conduct is worth.
 */
import type { PartyOutcome } from "../recording/replicated.ts"
import type { Metric, MetricWords, Unit } from "./metric.ts"
import { gainOrLoss, metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"

/** `hasGain`: can they gain by more than their profit? */
export const partyMetrics = (
  names: ReadonlyArray<string>,
  hasGain: boolean,
): ReadonlyArray<Metric> =>
  metricsIn(
    "parties",
    names.flatMap((name) => [...metricsOfParty(name), ...(hasGain ? [gainOf(name)] : [])]),
  )

const gainOf = (party: string): MetricWords => ({
  name: `party.${party}.gain`,
  label: `Gain, ${party}`,
  unit: "credits/d",
  meaning: `Profit, what is left of credits that it bought, and what hours that it rented and answers to its batches and calls were worth to it (party ${party})`,
  base: "days of the run",
  window: "whole run",
  ...gainOrLoss,
  valueOf: ({ parties, horizonDays }) => {
    const outcome = parties.find(({ name }) => name === party)
    return outcome === undefined
      ? NaN
      : (outcome.profit + outcome.boughtLeft + outcome.worthOfHours) / horizonDays
  },
})

const metricsOfParty = (party: string): ReadonlyArray<MetricWords> => {
  const own =
    (valueOf: (outcome: PartyOutcome, window: Window) => number) =>
    (window: Window): number => {
      const outcome = window.parties.find(({ name }) => name === party)
      return outcome === undefined ? NaN : valueOf(outcome, window)
    }
  const one = (
    key: string,
    [label, unit, base]: readonly [string, Unit, string],
    meaning: string,
    valueOf: (window: Window) => number,
  ): MetricWords => ({
    name: `party.${party}.${key}`,
    label: `${label}, ${party}`,
    unit,
    base,
    meaning: `${meaning} (party ${party})`,
    window: "whole run",
    valueOf,
  })
  const perDay = (
    key: string,
    label: string,
    meaning: string,
    valueOf: (outcome: PartyOutcome) => number,
  ): MetricWords =>
    one(
      key,
      [label, "credits/d", "days of the run"],
      meaning,
      own((outcome, { horizonDays }) => valueOf(outcome) / horizonDays),
    )
  return [
    {
      ...perDay(
        "profit",
        "Profit",
        "What it could take out less what it bought and what its machines cost",
        ({ profit }) => profit,
      ),
      ...gainOrLoss,
    },
    perDay("share", "Provider shares", "Provider shares paid to it", ({ share }) => share),
    perDay("bounty", "Bounties", "Bounties paid to it", ({ bounty }) => bounty),
    perDay(
      "withheld",
      "Pay withheld",
      "Pay withheld from it for switching models",
      ({ withheld }) => withheld,
    ),
    perDay("cost", "Cost of machines", "What its machines cost it", ({ cost }) => cost),
    one(
      "traffic",
      ["Traffic", "share", "requests served in the market"],
      "Part of the market's served requests that it served",
      own(({ requests }, { servedInAll }) => requests / servedInAll),
    ),
    {
      ...one(
        "health",
        ["Health", "score", "its nodes"],
        "Health score of its nodes at the end",
        own(({ health }) => health),
      ),
      window: "end of the run",
    },
    one(
      "successShare",
      ["Attempts not failed", "share", "attempts on its nodes"],
      "Attempts on its nodes that they did not fail",
      own(({ requests, failures }) => requests / (requests + failures)),
    ),
    one(
      "billedTokens",
      ["Tokens paid for", "ratio", "tokens that consumers got from it"],
      "Tokens it was paid for ÷ tokens that consumers got from it",
      own(({ billedTokens, deliveredTokens }) => billedTokens / deliveredTokens),
    ),
    one(
      "switches",
      ["Model switches", "1/(node week)", "weeks that its nodes were online"],
      "Model switches of its nodes",
      own(({ switches, onlineHours }) => switches / (onlineHours / 168)),
    ),
    perDay("bought", "Credits bought", "Credits that it bought", ({ bought }) => bought),
    perDay(
      "spent",
      "Spent on calls",
      "What its own calls were charged, gifts included",
      ({ spent }) => spent,
    ),
    one(
      "accounts",
      ["Accounts", "accounts", "the party"],
      "Accounts that it opened",
      own(({ accounts }) => accounts),
    ),
  ]
}
