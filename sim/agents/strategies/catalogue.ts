/** The strategies of operators, by the names that scenarios know them by. */
import { bountyChaser } from "./bounty-chaser.ts"
import { cloudArbitrageur } from "./cloud-arbitrageur.ts"
import { farmer } from "./farmer.ts"
import { marketBalance } from "./market-balance.ts"
import { partTimer } from "./part-timer.ts"
import { peakMaximiser } from "./peak-maximiser.ts"
import { profitSeeker } from "./profit-seeker.ts"
import { utilisationGuard } from "./utilisation-guard.ts"
import type { Decide } from "../view.ts"
import { stays } from "../view.ts"

export interface Strategy {
  readonly decide: Decide
  /** How often it decides, h; null: as often as the scenario says. */
  readonly everyHours: number | null
  /** Rented, where the catalogue knows a rent, or its operator's own, at the price of electricity. */
  readonly isRented: boolean
  /** The machine costs as much while it is off the market. */
  readonly paysWhileAway: boolean
}

const owned = { everyHours: null, isRented: false, paysWhileAway: false } as const

export const strategies = {
  /** Never changes anything. */
  stay: { ...owned, decide: () => stays },
  profit: { ...owned, decide: profitSeeker },
  bounty: { ...owned, decide: bountyChaser },
  utilisation: { ...owned, decide: utilisationGuard },
  balance: { ...owned, decide: marketBalance },
  peak: { ...owned, decide: peakMaximiser, everyHours: 1 },
  "part-time": { ...owned, decide: partTimer, everyHours: 1 },
  farm: { ...owned, decide: farmer, isRented: true, paysWhileAway: true },
  cloud: { ...owned, decide: cloudArbitrageur, everyHours: 1, isRented: true },
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof strategies
export const strategyNames = Object.keys(strategies) as ReadonlyArray<StrategyName>
/** A node's strategy, by its number in the table of nodes. */
export const strategyOf = (code: number): Strategy => strategies[strategyNames[code]]
export const codeOfStrategy = (name: StrategyName): number => strategyNames.indexOf(name)
