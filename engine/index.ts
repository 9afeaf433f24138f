/** The kernel's public surface: `evenkeel/engine`. */
export type { AccountView, BooksView, WithdrawalView } from "./market/views/account-view.ts"
export {
  accountIds,
  accountView,
  booksView,
  bountyPoolOf,
  hasRoomFor,
  ledgerBalances,
  openWithdrawals,
  overdrawnAccounts,
} from "./market/views/account-view.ts"
export type { BatchPhase, BatchView } from "./market/views/batch-view.ts"
export {
  batchView,
  batchViews,
  countOpenBatches,
  hasRoomForItem,
  itemStandOf,
  nextItem,
} from "./market/views/batch-view.ts"
export type { BookingPhase, BookingView } from "./market/views/booking-view.ts"
export { bookingView, bookingViews } from "./market/views/booking-view.ts"
export type {
  CalendarStep,
  HoursQuote,
  ListingPhase,
  ListingView,
  RegionView,
} from "./market/views/listing-view.ts"
export {
  calendarView,
  listingView,
  listingViews,
  maintenanceSpans,
  openSpans,
  quoteHours,
  regionViews,
} from "./market/views/listing-view.ts"
export type { MembershipView, SwarmsView, WordCounts } from "./market/views/swarm-view.ts"
export {
  membershipsOf,
  sharedPerformance,
  sharesQueue,
  swarmsView,
} from "./market/views/swarm-view.ts"
export type { RecheckView } from "./market/views/quality-view.ts"
export { accuracyOf, openRechecks } from "./market/views/quality-view.ts"
export type { ReputationView } from "./market/views/reputation-view.ts"
export {
  hasReputation,
  listingsByReputation,
  reputations,
  reputationView,
  reputationOfListing,
} from "./market/views/reputation-view.ts"
export type { ContractView } from "./market/views/contract-view.ts"
export { contractView, contractViews } from "./market/views/contract-view.ts"
export type { FlowView, QueueTermsView, QueueView, TierView } from "./market/views/queue-view.ts"
export {
  priorityNamed,
  queueTermsOf,
  queueViews,
  tiersOf,
  waitingRequests,
} from "./market/views/queue-view.ts"
export type { SlaView } from "./market/views/sla-view.ts"
export { listingSla, slaView } from "./market/views/sla-view.ts"
export type { SlaTerms } from "./rules/hours/sla.ts"
export type { Topic } from "./rules/swarms.ts"
export { topicNames, topics } from "./rules/swarms.ts"
export { mostStars } from "./rules/ratings.ts"
export type { HoursAsked } from "./market/bookings/orders.ts"
export type { InstanceView, ReasonView, StandingView } from "./market/views/instance-view.ts"
export {
  breakerStateOf,
  hasInstance,
  instanceView,
  reasonCountsOf,
  standingsOf,
  standingView,
  standingViews,
} from "./market/views/instance-view.ts"
export type { LevelView, ModelView } from "./market/views/model-view.ts"
export { marketView } from "./market/views/model-view.ts"
export type { NodeView } from "./market/views/node-view.ts"
export { countNodes, hasNode, nodeView } from "./market/views/node-view.ts"
export type { AttemptView, RequestTerms } from "./market/views/request-view.ts"
export type { Terms } from "./market/views/terms-view.ts"
export { termsOf } from "./market/views/terms-view.ts"
export {
  countOpenRequests,
  inFlightOf,
  openAttempts,
  requestTermsOf,
} from "./market/views/request-view.ts"
export type { EligibilityReason } from "./market/admission/eligibility.ts"
export { eligibilityReasons } from "./market/admission/eligibility.ts"
export type {
  BatchOutcome,
  BookingOutcome,
  Command,
  ContractOutcome,
  DeclineReason,
  OfferDecline,
  Refusal,
  Rejection,
  Revocation,
} from "./protocol/command.ts"
export {
  batchOutcomes,
  bookingOutcomes,
  contractOutcomes,
  declines,
  refusals,
  rejections,
} from "./protocol/command.ts"
export { economies } from "./economy/presets/index.ts"
export { hardened } from "./economy/presets/hardened.ts"
export { pooled } from "./economy/presets/pooled.ts"
export type { EconomyPatch, KnobRow } from "./economy/derive.ts"
export { defaultEconomy, deriveEconomy, EconomyInvalid, knobRows } from "./economy/derive.ts"
export { Economy } from "./economy/schema.ts"
export type {
  AccountId,
  BatchId,
  BookingId,
  ContractId,
  InstanceId,
  ListingId,
  MeasurementId,
  ModelId,
  NodeId,
  ProbeId,
  RegionId,
  RequestId,
  TransferId,
} from "./core/ids.ts"
export { byOffset } from "./core/by-offset.ts"
export { InvariantBroken } from "./core/invariant.ts"
export type { Tree } from "./core/overlay.ts"
export { isTree, overlay } from "./core/overlay.ts"
export * as Settings from "./core/setting.ts"
export type { SettingRow } from "./core/setting-rows.ts"
export { entryIn, groupIn, settingsIn } from "./core/setting-rows.ts"
export type {
  EventOf,
  EventTag,
  Outcome,
  PriceStrategy,
  Priority,
  Swarm,
} from "./protocol/event.ts"
export {
  eventSchemas,
  MarketEvent,
  outcomes,
  priceStrategies,
  swarmNames,
  priorities,
} from "./protocol/event.ts"
export type { Balance } from "./ledger/accounts.ts"
export { accountName, lotAccount } from "./ledger/accounts.ts"
export { balancesFrom, statementOf } from "./ledger/statement.ts"
export { createMarket, digestOf, step } from "./market/market.ts"
export type { Quote } from "./rules/price.ts"
export { priceOf, quote } from "./rules/price.ts"
export { priceOfTime } from "./rules/pricing/time-price.ts"
export { isRound, roundDown, roundUp } from "./rules/pricing/price-levels.ts"
export type { MarketService } from "./service.ts"
export { advance, engineOf, layer, MarketEngine } from "./service.ts"
export type { Image } from "./market/snapshot.ts"
export {
  imageOf,
  restore,
  restoreImage,
  Snapshot,
  snapshot,
  SnapshotInvalid,
  stateDigest,
} from "./market/snapshot.ts"
export type { MarketHandle as Market } from "./market/state/market-state.ts"
export { nextWake } from "./market/timers.ts"
export { formatCredits, microsPerHour, microsPerSecond, parseDecimal } from "./core/units.ts"
export { emptyDigest, hexOf, mixText } from "./core/digest.ts"
export { verdictOf } from "./rules/outcome.ts"
export type { Stream } from "./core/random.ts"
export { drawBelow, openStream, resumeStream } from "./core/random.ts"
export { lotNames, lotOf } from "./ledger/accounts.ts"
export {
  bountyPool as bountyPoolAccount,
  earned as earnedLot,
  gift as giftLot,
  vesting as vestingLot,
} from "./ledger/accounts.ts"
export type { Machine, Move } from "./core/machine.ts"
export { diagramOf, machine, move, statesOf, transitionsOf } from "./core/machine.ts"
