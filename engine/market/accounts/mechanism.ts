/** Accounts: opened, linked to parties, filled and emptied. */
import type { Mechanism } from "../state/mechanism.ts"
import { auditAccounts } from "./audit.ts"
import {
  onAccountOpened,
  onCreditsBought,
  onPoolFunded,
  onWithdrawalPosted,
  onWithdrawalRequested,
  onWithdrawalVoided,
} from "./desk.ts"
import { onAccountsLinked } from "./parties.ts"

export const accounts: Mechanism = {
  name: "accounts",
  takes: {
    AccountOpened: onAccountOpened,
    AccountsLinked: onAccountsLinked,
    CreditsBought: onCreditsBought,
    PoolFunded: onPoolFunded,
    WithdrawalRequested: onWithdrawalRequested,
    WithdrawalPosted: onWithdrawalPosted,
    WithdrawalVoided: onWithdrawalVoided,
  },
  audit: auditAccounts,
}
