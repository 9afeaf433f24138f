/**
 * Ids of entities, which drivers choose, and slots, which are the kernel's own numbers of rows. All are
 * whole numbers, and a literal will do for any of them; but an id of one kind, or a slot, cannot be
 * given where another is meant.
 */
declare const kind: unique symbol

type Numbered<K extends string> = number & { readonly [kind]?: K }

export type AccountId = Numbered<"account">
export type ModelId = Numbered<"model">
export type NodeId = Numbered<"node">
export type InstanceId = Numbered<"instance">
export type RequestId = Numbered<"request">
export type TransferId = Numbered<"transfer">
export type ProbeId = Numbered<"probe">
export type MeasurementId = Numbered<"measurement">

/** What a node sells by the hour bears the number of the node. */
export type ListingId = NodeId
export type RegionId = Numbered<"region">
export type BookingId = Numbered<"booking">
export type BatchId = Numbered<"batch">
export type ContractId = Numbered<"contract">

/** The row of an entity in its table. */
export type Slot = Numbered<"slot">
