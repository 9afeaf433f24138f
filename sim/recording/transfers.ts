/**
 * Who got what consumers paid, in whole minor units, which stay exact: their sums, unlike those of credits, can be
 * held against each other to the last one.
 */
export class Transfers {
  /** By consumers, for calls and hours. */
  paid = 0
  /** Shares of hosts, and of those who lent what they had reserved. */
  toHosts = 0
  toPlatform = 0
  /** Its part of fees, and what was withheld. */
  toPool = 0
}
