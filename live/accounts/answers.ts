/** What the routes of accounts and of the admin answer. */
import { Schema } from "effect"
import { described, listOf, pageOf, prices, UnixSeconds } from "../http/fields.ts"
import { HostStatus } from "../protocol/host-protocol.ts"
import { InstanceStatus } from "../views/instance-status.ts"
import type { LiveServices } from "../directory/services.ts"
import type { AccountRecord } from "../directory/records.ts"
import { AuditView } from "./audit-log.ts"
import { BalanceView, EarningsHour } from "../protocol/money.ts"
import { balanceView } from "../views/balance.ts"
import { KeyView } from "./keys.ts"
import { secondsOf } from "../views/market-time.ts"
import { TransferView } from "./transfers.ts"

export const AccountView = Schema.Struct({
  account_id: Schema.String,
  name: Schema.String,
  created_at: UnixSeconds,
  balance: BalanceView,
})
export type AccountView = typeof AccountView.Type

export const accountView = ({ driver }: LiveServices, account: AccountRecord): AccountView => ({
  account_id: account.publicId,
  name: account.name,
  created_at: secondsOf(account.createdAtMillis),
  balance: balanceView(driver.market, account.id),
})

export const NewAccountView = Schema.Struct({
  ...AccountView.fields,
  api_key: described(Schema.String, "sk_live_…, shown this once"),
  recovery_code: described(
    Schema.String,
    "rc_live_…, shown this once: gives a new key where all are lost (POST /accounts/recover)",
  ),
})

export const RecoveryCodeView = Schema.Struct({
  recovery_code: described(Schema.String, "rc_live_…, shown this once; the one before it ends"),
})

/** Who is signed in on the pages of this browser. */
export const SessionView = Schema.Struct({
  account: Schema.NullOr(
    Schema.Struct({
      account_id: Schema.String,
      name: Schema.String,
      key_id: described(Schema.String, "Of the key that was signed in with"),
      ends_at: UnixSeconds,
      has_recovery_code: Schema.Boolean,
      is_limited: described(Schema.Boolean, "It has a spending limit: it only looks"),
    }),
  ),
  admin: Schema.NullOr(Schema.Struct({ key_id: Schema.String, ends_at: UnixSeconds })),
})
export type SessionView = typeof SessionView.Type

export const KeyList = listOf(KeyView)
export const TransferList = listOf(TransferView)
export const AuditPage = pageOf(AuditView)
export const EarningsList = listOf(EarningsHour)

export const HostList = listOf(
  Schema.Struct({
    host_id: Schema.String,
    name: Schema.String,
    delivery: Schema.Literal("pull", "push", "cloud"),
    status: HostStatus,
    created_at: UnixSeconds,
    models: Schema.Array(InstanceStatus),
  }),
)

export const ModelAnswer = Schema.Struct({
  model: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  context_tokens: Schema.Int,
  ...prices,
  accuracy: described(
    Schema.NullOr(Schema.Number),
    "Of who serves it, 0 to 1; null: it is not specialised",
  ),
})

export const LinkAnswer = Schema.Struct({
  account_id: Schema.String,
  other_account_id: Schema.String,
})

export const PoolAnswer = Schema.Struct({
  transfer: TransferView,
  pool: described(Schema.String, "Credits in the bounty pool now"),
})

export const TopUpAnswer = Schema.Struct({ transfer: TransferView, balance: BalanceView })

export const FraudAnswer = Schema.Struct({
  account_id: Schema.String,
  clawed_back: described(Schema.String, "Unvested bounty, back in the pool, credits"),
  balance: BalanceView,
})
