/** The numbers of a price strategy; each strategy reads its own of them. */
export interface PriceNumbers {
  /** How far below the cheapest rival, and how far apart the prices that are tried. */
  readonly step: number
  /** What is wanted beyond the cost. */
  readonly margin: number
  /** Part of the slots that is expected to be busy. */
  readonly expectedUtilisation: number
  /** Price ÷ the price that it is taken from. */
  readonly factor: number
}
