/** The strategies of operators, by the names that scenarios know them by. */
import { bountyChaser } from "./bounty-chaser.ts"
import { cloudArbitrageur } from "./cloud-arbitrageur.ts"
import { farmer } from "./farmer.ts"
import { marketBalance } from "./market-balance.ts"
import { partTimer } from "./part-timer.ts"
import { peakMaximiser } from "./peak-maximiser.ts"
import { profitSeeker } from "./profit-seeker.ts"
import { utilisationGuard } from "./utilisation-guard.ts"
import type { Strategy } from "../strategy.ts"
import { ownedMachine } from "../strategy.ts"
import { stays } from "../view.ts"

export const strategies = {
  /** Never changes anything. */
  stay: { ...ownedMachine, decide: () => stays },
  profit: { ...ownedMachine, decide: profitSeeker, isRevised: true },
  bounty: { ...ownedMachine, decide: bountyChaser },
  utilisation: { ...ownedMachine, decide: utilisationGuard },
  balance: { ...ownedMachine, decide: marketBalance },
  peak: { ...ownedMachine, decide: peakMaximiser, everyHours: 1 },
  "part-time": { ...ownedMachine, decide: partTimer, everyHours: 1 },
  farm: { ...ownedMachine, decide: farmer, isRevised: true, isRented: true, paysWhileAway: true },
  cloud: { ...ownedMachine, decide: cloudArbitrageur, everyHours: 1, isRented: true },
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof strategies
export const strategyNames = Object.keys(strategies) as ReadonlyArray<StrategyName>
