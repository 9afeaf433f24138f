/** Somebody who took part, and how they stand at the end. */
import type { StatementPage } from "../accounts/statement.ts"
import type { BalanceView } from "../protocol/money.ts"

export type StatementLine = StatementPage["data"][number]

export interface Member {
  readonly name: string
  readonly account: string
  readonly balance: BalanceView
  /** The oldest line first. */
  readonly statement: ReadonlyArray<StatementLine>
}
