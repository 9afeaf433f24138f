/** A strategy: how an operator decides about a node, and what the node costs it. */
import type { Decide } from "./view.ts"

export interface Strategy {
  readonly decide: Decide
  /** How often it decides, h; null: as often as the scenario says. */
  readonly everyHours: number | null
  /** Rented, where the catalogue knows a rent, or its operator's own, at the price of electricity. */
  readonly isRented: boolean
  /** The machine costs as much while it is off the market. */
  readonly paysWhileAway: boolean
}

/** A machine of its operator's own, which decides as often as the scenario says. */
export const ownedMachine = { everyHours: null, isRented: false, paysWhileAway: false } as const
