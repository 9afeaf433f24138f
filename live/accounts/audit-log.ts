/**
 * What an auditor wants to see: the market's own findings, and every change that was made with an
 * admin key. Written in the commit of what it tells of; never changed.
 */
import type { AccountId } from "../../engine/index.ts"
import { Effect, Schema } from "effect"
import { described, UnixSeconds } from "../http/fields.ts"
import type { LiveServices } from "../directory/services.ts"
import { isOfAccount } from "../views/findings.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { StoredAudit } from "../store/audit.ts"
import type { UnixTime } from "../views/market-time.ts"

export const AuditView = Schema.Struct({
  id: Schema.Int,
  at: UnixSeconds,
  finding: Schema.String,
  subject: described(Schema.NullOr(Schema.String), "Id of the host or account that it is about"),
  quantity: described(
    Schema.NullOr(Schema.Int),
    "How much, in the units of the rules: money in minor units",
  ),
  booking: described(
    Schema.NullOr(Schema.String),
    "Of a finding about hours: their booking_id, in place of a quantity",
  ),
  actor: described(
    Schema.NullOr(Schema.String),
    "Id of the admin key; `data directory`: its owner, beside the gateway; null: the market itself",
  ),
})
export type AuditView = typeof AuditView.Type

export interface AuditLog {
  /** Notes what an admin did. `account`: to whom. */
  readonly note: (
    finding: AdminAction,
    actor: string,
    account: AccountId | undefined,
    quantity: number | undefined,
  ) => void
  /** At most `count` entries before the one of that id, the newest first. */
  readonly read: (
    unixTime: UnixTime,
    count: number,
    beforeId: number | undefined,
  ) => Effect.Effect<ReadonlyArray<AuditView>, StoreBroken | StoreFault>
}

export type AdminAction =
  | "ToppedUp"
  | "PoolFunded"
  | "WithdrawalPosted"
  | "WithdrawalVoided"
  | "ModelListed"
  | "AccountsLinked"
  | "FraudConfirmed"
  | "AdminKeyRotated"

/** Starts to note the market's findings. To be made once, before the market takes requests. */
export const makeAuditLog = (services: LiveServices): AuditLog => {
  const { driver, store } = services
  driver.addTaker((command, at) => {
    if (command._tag !== "Audit") return
    const { finding, subject, quantity } = command
    store.noteAudit({ at, finding, subject, quantity, actor: null })
  })
  return {
    note: (finding, actor, account, quantity) =>
      store.noteAudit({
        at: driver.clock.nowMicros(),
        finding,
        subject: account ?? null,
        quantity: quantity ?? null,
        actor,
      }),
    read: (unixTime, count, beforeId) =>
      Effect.gen(function* () {
        yield* durably(driver)
        const rows = yield* store.audits(count, beforeId)
        return rows.map((row) => ({
          ...row,
          at: unixTime(row.at),
          subject: subjectOf(services, row),
          ...quantityOf(services, row),
        }))
      }),
  }
}

/** What the market finds about hours counts nothing: it names a booking. */
const quantityOf = (
  { directory }: LiveServices,
  { finding, quantity, actor }: StoredAudit,
): Pick<AuditView, "quantity" | "booking"> => {
  const isAboutBooking = actor === null && (finding === "NoShow" || finding === "DisputeLost")
  if (!isAboutBooking || quantity === null) return { quantity, booking: null }
  return { quantity: null, booking: directory.bookings.get(quantity)?.publicId ?? null }
}

const subjectOf = (
  { directory }: LiveServices,
  { finding, subject, actor }: StoredAudit,
): string | null => {
  if (subject === null) return null
  if (actor !== null || isOfAccount(finding))
    return directory.accounts.get(subject)?.publicId ?? null
  const instance = directory.instances.get(subject)
  return instance === undefined ? null : (directory.hosts.get(instance.host)?.publicId ?? null)
}
