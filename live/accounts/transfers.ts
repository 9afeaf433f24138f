/**
 * Credits that come in and go out. Each order has a name of the orderer's choosing: repeating it, at
 * once or after a crash, moves nothing again and gives the same answer. The name is written with the
 * fact itself, in one commit.
 */
import { Schema } from "effect"
import type { AccountId, Rejection } from "../../engine/index.ts"
import { formatCredits, parseDecimal, termsOf } from "../../engine/index.ts"
import type { Fact } from "../driver/market-driver.ts"
import { Credits, described, UnixSeconds } from "../http/fields.ts"
import { badRequest, conflict, HttpError } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type { TransferRecord } from "../directory/records.ts"
import { transferKey } from "../directory/records.ts"
import { creditsOf } from "../views/credits.ts"
import { secondsOf } from "../views/market-time.ts"
import { newPublicId } from "../http/secrets.ts"

type TransferServices = Pick<LiveServices, "driver" | "directory" | "nowMillis">

export const TransferView = Schema.Struct({
  id: Schema.String,
  transfer_id: described(Schema.String, "Its name of the orderer's choosing"),
  kind: Schema.Literal("purchase", "funding", "withdrawal"),
  state: Schema.Literal("pending", "posted", "voided"),
  amount: Credits,
  account_id: described(Schema.NullOr(Schema.String), "null: the bounty pool"),
  memo: Schema.NullOr(Schema.String),
  created_at: UnixSeconds,
  settled_at: Schema.NullOr(UnixSeconds),
})
export type TransferView = typeof TransferView.Type

export interface TransferOrder {
  readonly kind: TransferRecord["kind"]
  /** Absent: the bounty pool. */
  readonly account?: number
  readonly name: string
  /** Decimal credits. */
  readonly amount: string
  readonly memo?: string
}

/** Carries an order out, unless it was before. `isNew`: false where it is a repetition. */
export const orderTransfer = (
  services: TransferServices,
  order: TransferOrder,
): { readonly record: TransferRecord; readonly isNew: boolean } => {
  const { driver, directory, nowMillis } = services
  const { kind, account, name, memo } = order
  const amount = minorOfText(services, order.amount, "amount")
  const known = directory.transferByKey(transferKey(kind, account, name))
  if (known !== undefined) {
    requireSame(known, account, amount)
    return { record: known, isNew: false }
  }
  const id = directory.transfers.nextId()
  const rejection = driver.submit(factOf(id, kind, account, amount))
  if (rejection !== undefined) throw refusal(services, rejection)
  const now = nowMillis()
  const record: TransferRecord = {
    id,
    publicId: newPublicId("tr"),
    kind,
    name,
    amount,
    ...(account === undefined ? {} : { account }),
    ...(memo === undefined ? {} : { memo }),
    ...(kind === "withdrawal" ? { state: "pending" } : { state: "posted", settledAtMillis: now }),
    createdAtMillis: now,
  }
  directory.transfers.put(record)
  return { record, isNew: true }
}

const factOf = (
  transfer: number,
  kind: TransferRecord["kind"],
  account: AccountId | undefined,
  amount: number,
): Fact => {
  if (kind === "funding") return { _tag: "PoolFunded", transfer, amount }
  if (account === undefined) throw new Error(`transfers: a ${kind} without an account`)
  return kind === "purchase"
    ? { _tag: "CreditsBought", transfer, account, amount }
    : { _tag: "WithdrawalRequested", transfer, account, amount }
}

const requireSame = (
  known: TransferRecord,
  account: AccountId | undefined,
  amount: number,
): void => {
  if (known.account === account && known.amount === amount) return
  throw conflict(
    "transfer_id_taken",
    `transfer_id ${known.name} was given before, for another account or amount; a new transfer needs an id of its own`,
  )
}

/** Credits above 0 as minor units; throws what the client is to be told of `param`. */
export const minorOfText = (
  { driver }: Pick<LiveServices, "driver">,
  text: string,
  param: string,
): number => {
  const { scale } = driver.market.economy.money
  const amount = parseDecimal(text, scale)
  if (amount === undefined || amount === 0)
    throw badRequest(
      `${param} has to be credits as a decimal string above 0, with at most ${scale} decimals and at most ${formatCredits(Number.MAX_SAFE_INTEGER, scale)}`,
      param,
    )
  return amount
}

/** What a client is told where the kernel refuses a transfer. */
const refusal = ({ driver }: TransferServices, rejection: Rejection): HttpError => {
  const { market } = driver
  switch (rejection) {
    case "InsufficientCredits":
      return new HttpError({
        status: 402,
        type: "insufficient_quota",
        code: "insufficient_earned_credits",
        message: "Only earned credits that are not held can be withdrawn, and these are not enough",
        param: "amount",
      })
    case "BelowMinimum":
      return badRequest(
        `amount is below the least that can be withdrawn, ${creditsOf(market, termsOf(market).leastWithdrawal)} credits`,
        "amount",
      )
    case "BalanceTooLarge":
      return badRequest("amount is more than the market can hold", "amount")
    default:
      return conflict("transfer_refused", `The market refused the transfer: ${rejection}`)
  }
}

/**
 * The second phase of a withdrawal: paid out, or given up. Repeating the same decision changes
 * nothing; the other one is a conflict.
 */
export const settleWithdrawal = (
  services: TransferServices,
  record: TransferRecord,
  state: "posted" | "voided",
): { readonly record: TransferRecord; readonly isNew: boolean } => {
  if (record.state === state) return { record, isNew: false }
  if (record.state !== "pending")
    throw conflict(
      "withdrawal_settled",
      `Withdrawal ${record.publicId} is ${record.state} already and cannot become ${state}`,
    )
  const rejection = services.driver.submit({
    _tag: state === "posted" ? "WithdrawalPosted" : "WithdrawalVoided",
    transfer: record.id,
  })
  if (rejection !== undefined) throw refusal(services, rejection)
  const settled = { ...record, state, settledAtMillis: services.nowMillis() }
  services.directory.transfers.put(settled)
  return { record: settled, isNew: true }
}

/** At most `count` withdrawals, the newest first: of one account, or of all. */
export const withdrawals = (
  { directory }: TransferServices,
  wanted: { readonly account?: number; readonly state?: TransferRecord["state"] },
  count: number,
): ReadonlyArray<TransferRecord> =>
  [...directory.transfers.all()]
    .filter(
      ({ kind, account, state }) =>
        kind === "withdrawal" &&
        (wanted.account === undefined || wanted.account === account) &&
        (wanted.state === undefined || wanted.state === state),
    )
    .slice(-count)
    .reverse()

export const transferView = (
  { driver, directory }: TransferServices,
  record: TransferRecord,
): TransferView => ({
  id: record.publicId,
  transfer_id: record.name,
  kind: record.kind,
  state: record.state,
  amount: creditsOf(driver.market, record.amount),
  account_id:
    record.account === undefined
      ? null
      : (directory.accounts.get(record.account)?.publicId ?? null),
  memo: record.memo ?? null,
  created_at: secondsOf(record.createdAtMillis),
  settled_at: record.settledAtMillis === undefined ? null : secondsOf(record.settledAtMillis),
})
