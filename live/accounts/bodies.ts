/** What clients send to the routes of accounts and of the admin. */
import { Schema } from "effect"
import { Cursor, described, lineOfText, optional, queryCount } from "../http/fields.ts"

const Amount = described(
  Schema.String.pipe(Schema.pattern(/^\d{1,16}(\.\d{1,9})?$/)),
  'Credits as a decimal string, such as "12.50"',
)
const transferName = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/))
const TransferId = described(
  transferName,
  "The client's own id of this transfer, at most 100 letters, digits and any of . _ : -, the first a letter or digit: repeating it moves nothing again",
)
const Memo = optional(lineOfText(200), "A note that is shown with it")
const publicId = Schema.String.pipe(Schema.maxLength(100))

export const SignUp = Schema.Struct({
  name: described(lineOfText(100), "What the account is called"),
})
export type SignUp = typeof SignUp.Type

const maxLifetimeSeconds = 315_360_000
const maxOverlapSeconds = 2_592_000
export const defaultOverlapSeconds = 3600

const Lifetime = Schema.Int.pipe(Schema.between(1, maxLifetimeSeconds))

export const KeyWish = Schema.Struct({
  name: optional(lineOfText(100), "What the key is for"),
  expires_in_seconds: optional(Lifetime, "After which it ends; default: never"),
  spend_limit: optional(
    Amount,
    "What its calls may cost, credits; such a key can call models and look, and change nothing of the account. Default: no limit",
  ),
})
export type KeyWish = typeof KeyWish.Type

export const KeyChange = Schema.Struct({
  name: optional(lineOfText(100), "What the key is for"),
  expires_in_seconds: optional(Schema.NullOr(Lifetime), "From now on; null: it never ends"),
  spend_limit: optional(
    Schema.NullOr(Amount),
    "What its calls may cost from now on, credits; null: no limit",
  ),
})
export type KeyChange = typeof KeyChange.Type

const secret = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256))

export const SignIn = Schema.Struct({
  key: described(secret, "A key of an account (sk_live_…) or of the platform (ak_live_…)"),
})
export type SignIn = typeof SignIn.Type

export const SignOut = Schema.Struct({
  role: optional(Schema.Literal("account", "admin"), "Who signs out; default: both"),
})
export type SignOut = typeof SignOut.Type

export const Recovery = Schema.Struct({
  recovery_code: described(secret, "As it was shown when the account was opened (rc_live_…)"),
})
export type Recovery = typeof Recovery.Type

export const Rotation = Schema.Struct({
  overlap_seconds: optional(
    Schema.Int.pipe(Schema.between(0, maxOverlapSeconds)),
    `How long the old key stays valid beside the new one; default ${defaultOverlapSeconds}`,
  ),
})
export type Rotation = typeof Rotation.Type

export const WithdrawalWish = Schema.Struct({
  amount: Amount,
  transfer_id: Schema.optionalWith(TransferId, { exact: true }),
  memo: Memo,
})
export type WithdrawalWish = typeof WithdrawalWish.Type

export const TopUp = Schema.Struct({ transfer_id: TransferId, amount: Amount, memo: Memo })
export type TopUp = typeof TopUp.Type

export const ModelListing = Schema.Struct({
  model: described(lineOfText(200), "What consumers ask for"),
  kind: optional(Schema.Literal("text", "embedding"), "Default: text"),
  context_tokens: optional(
    Schema.Int.pipe(Schema.between(1, 100_000_000)),
    "Prompt and answer together; default: as before, or 8192",
  ),
  input_price_per_token: described(
    Schema.String.pipe(Schema.maxLength(40)),
    'Credits as a decimal string, such as "0.00003"',
  ),
  output_price_per_token: described(
    Schema.String.pipe(Schema.maxLength(40)),
    'Credits as a decimal string, such as "0.00006"',
  ),
  accuracy: optional(
    Schema.Number.pipe(Schema.between(0, 1)),
    "It is specialised, and dearer: whoever serves it was measured to be so accurate; 0: it is not; default: as before",
  ),
  developer_role: optional(
    Schema.Literal("system", "keep"),
    "What hosts are sent for a message of role developer; default: as before, or system",
  ),
})
export type ModelListing = typeof ModelListing.Type

export const AccountLink = Schema.Struct({
  account_id: described(publicId, "An account's id"),
  other_account_id: described(publicId, "The id of another account of the same party"),
})
export type AccountLink = typeof AccountLink.Type

export const pageLimit = queryCount("At most so many", 200, 50)
export const PageQuery = Schema.Struct({ limit: pageLimit.field, cursor: Cursor })
export type PageQuery = typeof PageQuery.Type

export const WithdrawalQuery = Schema.Struct({
  state: optional(Schema.Literal("pending", "posted", "voided"), "Only those; default: all"),
  limit: pageLimit.field,
})
export type WithdrawalQuery = typeof WithdrawalQuery.Type

export const ById = Schema.Struct({ id: publicId })
export type ById = typeof ById.Type
