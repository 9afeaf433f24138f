/** The kernel's public surface: `evenkeel/engine`. */
export {
  accountView,
  breakerStateOf,
  instanceView,
  marketView,
  nodeView,
  openAttempts,
  openWithdrawals,
  standingsOf,
  standingView,
  standingViews,
} from "./views.ts"
export type {
  AccountView,
  AttemptView,
  InstanceView,
  ModelView,
  NodeView,
  ReasonView,
  StandingView,
  WithdrawalView,
} from "./views.ts"
export type { EligibilityReason } from "./admission/eligibility.ts"
export { eligibilityReasons } from "./admission/eligibility.ts"
export type { Command, Refusal, Rejection } from "./command.ts"
export { refusals, rejections } from "./command.ts"
export { economies } from "./economies/index.ts"
export { hardened } from "./economies/hardened.ts"
export { pooled } from "./economies/pooled.ts"
export type { EconomyPatch, KnobRow } from "./economy/derive.ts"
export { defaultEconomy, deriveEconomy, EconomyInvalid, knobRows } from "./economy/derive.ts"
export { Economy } from "./economy/schema.ts"
export { overlay } from "./economy/overlay.ts"
export * as Settings from "./economy/setting.ts"
export type { SettingRow } from "./economy/setting-rows.ts"
export { entryIn, groupIn, settingsIn } from "./economy/setting-rows.ts"
export type { EventOf, EventTag, Outcome } from "./event.ts"
export { eventSchemas, MarketEvent, outcomes } from "./event.ts"
export type { Balance, Ledger } from "./ledger/accounts.ts"
export { accountName, balanceOf, lotAccount } from "./ledger/accounts.ts"
export { balancesFrom, statementOf, totalOf } from "./ledger/statement.ts"
export { createMarket, digestOf, step } from "./market.ts"
export type { Quote } from "./payout/fee-split.ts"
export { quote } from "./payout/fee-split.ts"
export { advance, layer, layerFromSnapshot, MarketEngine } from "./service.ts"
export type { Image } from "./snapshot.ts"
export {
  imageOf,
  restore,
  restoreImage,
  Snapshot,
  snapshot,
  SnapshotInvalid,
  stateDigest,
} from "./snapshot.ts"
export type { Market } from "./state/market.ts"
export { nextWake } from "./state/market.ts"
export { formatCredits, microsPerHour, microsPerSecond, parseDecimal } from "./units.ts"
export type { Stream } from "./random.ts"
export { drawBelow, openStream, resumeStream } from "./random.ts"
export { lotNames, lotOf } from "./ledger/accounts.ts"
export {
  bountyPool as bountyPoolAccount,
  earned as earnedLot,
  gift as giftLot,
  vesting as vestingLot,
} from "./ledger/accounts.ts"
export type { Machine, Move } from "./core/machine.ts"
export { diagramOf, machine, move, statesOf, transitionsOf } from "./core/machine.ts"
