/** A strategy: how an operator decides about a node, and what the node costs it. */
import type { Decide } from "./view.ts"

export interface Strategy {
  readonly decide: Decide
  /** How often it decides, h; null: as often as the scenario says. */
  readonly everyHours: number | null
  /**
   * It makes up its mind at revisions, which come at a constant rate (Sandholm, "Population Games and
   * Evolutionary Dynamics", 2010, section 4.1), and by no clock: a rate of leaving is then one a day, and none
   * a decision.
   */
  readonly isRevised: boolean
  /** Rented, where the catalogue knows a rent, or its operator's own, at the price of electricity. */
  readonly isRented: boolean
  /** The machine costs as much while it is off the market. */
  readonly paysWhileAway: boolean
}

/** A machine of its operator's own, which decides as often as the scenario says. */
export const ownedMachine = {
  everyHours: null,
  isRevised: false,
  isRented: false,
  paysWhileAway: false,
} as const
