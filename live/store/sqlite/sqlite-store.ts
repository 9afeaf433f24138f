/** The store of a data directory: what is written goes through the queue, what is read by the reader. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { History, MarketStore } from "../store.ts"
import type { JournalReader } from "../journal.ts"
import type { CommitQueue } from "./journal/commit-queue.ts"
import { digestAt, forEachPage, forEachUncheckedPage } from "./journal/stored-journal.ts"
import { asFault } from "./schema/damage.ts"
import * as Audits from "./tables/audits.ts"
import * as BookingSteps from "./tables/booking-steps.ts"
import * as BatchItems from "./tables/batch-items.ts"
import * as Deliveries from "./tables/deliveries.ts"
import { readEarnings, readPay, readPayByCaller } from "./tables/earnings.ts"
import { readMeta, writeMeta } from "./tables/meta.ts"
import { readReceipts, readReceiptsOf, readUsage } from "./tables/receipts.ts"
import * as FileParts from "./tables/file-parts.ts"
import { receiptRow } from "./schema/receipt-row.ts"
import * as Records from "./tables/records.ts"
import * as Samples from "./tables/samples.ts"
import * as Sessions from "./tables/sessions.ts"
import { readSnapshots, writeSnapshot } from "./tables/snapshots.ts"
import { readStatement } from "./tables/statement.ts"

export interface SqliteStore extends MarketStore {
  readonly queue: CommitQueue
  /** On a connection of its own: a reader never waits for a commit. */
  readonly reader: SqlClient
}

/** A database that is only read. */
export const journalReader = (reader: SqlClient): JournalReader => ({
  meta: asFault(readMeta(reader)),
  entriesAfter: (seq, take) => asFault(forEachPage(reader, seq, take)),
  uncheckedEntries: (take) => asFault(forEachUncheckedPage(reader, take)),
})

export const makeSqliteStore = (
  queue: CommitQueue,
  reader: SqlClient,
  history: History,
): SqliteStore => ({
  ...journalReader(reader),
  queue,
  reader,
  history,
  append: queue.append,
  durable: queue.durable,
  lastSeq: queue.lastSeq,
  backlog: queue.backlog,
  onCommit: queue.onCommit,
  putMeta: (meta) => writeMeta(queue, meta),
  digestAt: (seq) => asFault(digestAt(reader, seq)),
  putSnapshot: (market) => writeSnapshot(queue, market),
  snapshots: asFault(readSnapshots(reader)),
  records: (kind) => asFault(Records.readRecords(reader, kind)),
  putRecord: (kind, record) => Records.putRecord(queue, kind, record),
  noteDelivered: (note) => Deliveries.noteDelivered(queue, note),
  forgetDelivered: (request) => Deliveries.forgetDelivered(queue, request),
  forgetAllDelivered: () => Deliveries.forgetAllDelivered(queue),
  delivered: asFault(Deliveries.readDelivered(reader)),
  noteAudit: (audit) => Audits.writeAudit(queue, audit),
  audits: (count, beforeId) => asFault(Audits.readAudits(reader, count, beforeId)),
  statement: (query) => asFault(readStatement(reader, query)),
  earnings: (lots, spans) => asFault(readEarnings(reader, queue.lastSeq(), lots, spans)),
  pay: (query) => asFault(readPay(reader, queue.lastSeq(), query)),
  payByCaller: (query) => asFault(readPayByCaller(reader, queue.lastSeq(), query)),
  noteReceipt: (receipt) => queue.receipt(receiptRow(receipt)),
  receipts: (query) => asFault(readReceipts(reader, query)),
  receiptsOf: (requests) => asFault(readReceiptsOf(reader, requests)),
  usage: (query) => asFault(readUsage(reader, query)),
  noteBookingStep: (step) => BookingSteps.writeBookingStep(queue, step),
  lastBookingStep: asFault(BookingSteps.readLastBookingStep(reader)),
  bookingSteps: (query) => asFault(BookingSteps.readBookingSteps(reader, query)),
  putFilePart: (file, part, bytes) => FileParts.writeFilePart(queue, file, part, bytes),
  filePart: (file, part) => asFault(FileParts.readFilePart(reader, file, part)),
  forgetFileParts: (file) => FileParts.forgetFileParts(queue, file),
  putBatchItems: (batch, items) => BatchItems.writeBatchItems(queue, batch, items),
  noteBatchAnswer: (batch, item, answer) => BatchItems.writeBatchAnswer(queue, batch, item, answer),
  batchItems: (batch, from, count) =>
    asFault(BatchItems.readBatchItems(reader, batch, from, count)),
  forgetBatchItems: (batch) => BatchItems.forgetBatchItems(queue, batch),
  putSamples: (samples) => Samples.putSamples(queue, samples),
  forgetSamples: (stepSeconds, before) => Samples.forgetSamples(queue, stepSeconds, before),
  samples: (query) => asFault(Samples.readSamples(reader, query)),
  sessions: asFault(Sessions.readSessions(reader)),
  putSession: (session) => Sessions.putSession(queue, session),
  forgetSession: (hash) => Sessions.forgetSession(queue, hash),
})
