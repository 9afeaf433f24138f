/** What the routes of accounts and of the admin answer. */
import { Schema } from "effect"
import { InstanceStatus } from "../operations/instance-status.ts"
import { AuditView } from "./audit-log.ts"
import { BalanceView } from "./balance.ts"
import { EarningsHour } from "./earnings.ts"
import { KeyView } from "./keys.ts"
import { TransferView } from "./transfers.ts"

const listOf = <A, I>(item: Schema.Schema<A, I>) => Schema.Struct({ data: Schema.Array(item) })

export const AccountView = Schema.Struct({
  account_id: Schema.String,
  name: Schema.String,
  created_at: Schema.Int.annotations({ description: "Unix time, s" }),
  balance: BalanceView,
})
export type AccountView = typeof AccountView.Type

export const NewAccountView = Schema.Struct({
  ...AccountView.fields,
  api_key: Schema.String.annotations({ description: "sk_live_…, shown this once" }),
})

export const KeyList = listOf(KeyView)
export const TransferList = listOf(TransferView)
export const AuditList = Schema.Struct({
  data: Schema.Array(AuditView),
  next_cursor: Schema.NullOr(Schema.String),
})
export const EarningsList = listOf(EarningsHour)

export const HostList = listOf(
  Schema.Struct({
    host_id: Schema.String,
    name: Schema.String,
    delivery: Schema.Literal("pull", "push", "cloud"),
    is_online: Schema.Boolean,
    created_at: Schema.Int.annotations({ description: "Unix time, s" }),
    models: Schema.Array(InstanceStatus),
  }),
)

export const ModelAnswer = Schema.Struct({
  name: Schema.String,
  kind: Schema.Literal("text", "embedding"),
  context_tokens: Schema.Int,
  input_price_per_token: Schema.String,
  output_price_per_token: Schema.String,
})

export const LinkAnswer = Schema.Struct({ account: Schema.String, other: Schema.String })

export const PoolAnswer = Schema.Struct({
  transfer: TransferView,
  pool: Schema.String.annotations({ description: "Credits in the bounty pool now" }),
})

export const TopUpAnswer = Schema.Struct({ transfer: TransferView, balance: BalanceView })

export const FraudAnswer = Schema.Struct({
  account: Schema.String,
  clawed_back: Schema.String.annotations({ description: "Unvested bounty, back in the pool" }),
  balance: BalanceView,
})
