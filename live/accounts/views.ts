/** What the routes of accounts and of the admin share. */
import type { LiveServices } from "../services.ts"
import type { AccountRecord } from "../store/records.ts"
import type { AccountView } from "./answers.ts"
import { balanceView } from "./balance.ts"
import { secondsOf } from "./market-time.ts"

export const accountView = ({ driver }: LiveServices, account: AccountRecord): AccountView => ({
  account_id: account.publicId,
  name: account.name,
  created_at: secondsOf(account.createdAtMillis),
  balance: balanceView(driver.market, account.id),
})

/** A count of a query, 1 to `most`. */
export const countOf = (text: string | undefined, otherwise: number, most: number): number =>
  text === undefined ? otherwise : Math.min(most, Math.max(1, Number(text)))
