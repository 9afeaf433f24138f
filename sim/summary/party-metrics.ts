/**
 * How each party of a scenario fared, from the start of demand to the end: no warm-up is cut off, for
 * what a newcomer earns as one is part of what its conduct is worth.
 */
import type { PartyOutcome } from "../recording/replicated.ts"
import type { Metric, Window } from "./metric.ts"
import { metric } from "./metric.ts"

export const partyMetrics = (names: ReadonlyArray<string>): ReadonlyArray<Metric> =>
  names.flatMap((name) => {
    const own =
      (valueOf: (party: PartyOutcome, window: Window) => number) =>
      (window: Window): number => {
        const party = window.parties.find((one) => one.name === name)
        return party === undefined ? NaN : valueOf(party, window)
      }
    const perDay = (valueOf: (party: PartyOutcome) => number) =>
      own((party, { horizonDays }) => valueOf(party) / horizonDays)
    const one = (key: string, unit: string, meaning: string, valueOf: (window: Window) => number) =>
      metric(`party.${name}.${key}`, unit, `${meaning} (party ${name}, whole run)`, valueOf)
    return [
      one(
        "profit",
        "credits/d",
        "What it could take out less what it bought and what its machines cost",
        perDay(({ profit }) => profit),
      ),
      one(
        "share",
        "credits/d",
        "Provider shares paid to it",
        perDay(({ share }) => share),
      ),
      one(
        "bounty",
        "credits/d",
        "Bounties paid to it",
        perDay(({ bounty }) => bounty),
      ),
      one(
        "withheld",
        "credits/d",
        "Pay withheld from it for switching models",
        perDay(({ withheld }) => withheld),
      ),
      one(
        "cost",
        "credits/d",
        "What its machines cost it",
        perDay(({ cost }) => cost),
      ),
      one(
        "traffic",
        "share",
        "Part of the market's served requests that it served",
        own(({ requests }, { servedInAll }) => requests / servedInAll),
      ),
      one(
        "health",
        "score",
        "Health score of its nodes at the end",
        own(({ health }) => health),
      ),
      one(
        "successShare",
        "share",
        "Attempts on its nodes that they did not fail",
        own(({ requests, failures }) => requests / (requests + failures)),
      ),
      one(
        "billedTokens",
        "ratio",
        "Tokens it was paid for ÷ tokens that consumers got from it",
        own(({ billedTokens, deliveredTokens }) => billedTokens / deliveredTokens),
      ),
      one(
        "switches",
        "1/(node week)",
        "Model switches of its nodes",
        own(({ switches, onlineHours }) => switches / (onlineHours / 168)),
      ),
      one(
        "bought",
        "credits/d",
        "Credits that it bought",
        perDay(({ bought }) => bought),
      ),
      one(
        "spent",
        "credits/d",
        "What its own calls were charged, gifts included",
        perDay(({ spent }) => spent),
      ),
      one(
        "accounts",
        "accounts",
        "Accounts that it opened",
        own(({ accounts }) => accounts),
      ),
    ]
  })
