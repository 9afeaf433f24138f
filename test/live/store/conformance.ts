/**
 * What every store of a live market has to do, whatever keeps it. A store that passes can stand below
 * the gateway; what it does beyond that (a check of its past, a copy) is its own to show.
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Command, MarketEvent } from "../../../engine/index.ts"
import {
  createMarket,
  digestOf,
  microsPerHour,
  pooled,
  restoreImage,
} from "../../../engine/index.ts"
import type { JournalEntry, StoredEntry, StoredPosting } from "../../../live/store/journal.ts"
import type { Receipt, UsagePart } from "../../../live/store/receipt.ts"
import { type MarketStore, recordKinds } from "../../../live/store/store.ts"
import { plainReceipt } from "../support/receipt.ts"

/** A store, empty, and the same again as whoever starts next finds it. */
export interface StoreUnderTest {
  readonly store: MarketStore
  /** After what was durable; the store before it is used no more. */
  readonly reopen: () => Promise<MarketStore>
}

const post = (debit: number, credit: number, amount: number, kind = "charge"): Command =>
  ({ _tag: "Post", kind, debit, credit, amount, reference: 1 }) as Command
const measure = { _tag: "Measure", instance: 4 } as Command
const finish = (instance: number): Command =>
  ({
    _tag: "Finish",
    request: 1,
    instance,
    outcome: "completed",
    outputTokens: 7,
    charge: 10,
    fee: 2,
    withheld: 1,
    bounty: 3,
  }) as Command

let digests = 0
const entry = (at: number, ...commands: ReadonlyArray<Command>): JournalEntry => ({
  event: { _tag: "TimerFired", at } satisfies MarketEvent,
  commands,
  digest: `digest ${digests++}`,
})

const journalled = async (store: MarketStore, after = 0) => {
  const entries: Array<StoredEntry> = []
  const postings: Array<StoredPosting> = []
  await Effect.runPromise(
    store.entriesAfter(after, (some, theirs) =>
      Effect.sync(() => {
        entries.push(...some)
        postings.push(...theirs)
      }),
    ),
  )
  return { entries, postings }
}

export const storeConformance = (name: string, make: () => Promise<StoreUnderTest>): void => {
  describe(`${name}: the journal`, () => {
    it("gives back what was durable, in order, with the postings apart", async () => {
      const { store, reopen } = await make()
      const first = entry(7, post(6, 9, 3), measure, post(9, 6, 5))
      const second = entry(8)
      store.append(first)
      store.append(second)
      expect(store.lastSeq()).toBe(2)
      await store.durable()
      expect(store.backlog()).toBe(0)
      for (const one of [store, await reopen()]) {
        const { entries, postings } = await journalled(one)
        expect(entries).toEqual([
          { seq: 1, event: first.event, commands: [measure], digest: first.digest },
          { seq: 2, event: second.event, commands: [], digest: second.digest },
        ])
        expect(postings).toMatchObject([
          { seq: 1, line: 0, at: 7, kind: "charge", debit: 6, credit: 9, amount: 3, reference: 1 },
          { seq: 1, line: 1, at: 7, debit: 9, credit: 6, amount: 5 },
        ])
        expect(one.lastSeq()).toBe(2)
      }
    })

    it("goes on from any entry, and after a restart from the last", async () => {
      const { store, reopen } = await make()
      for (let at = 0; at < 5; at++) store.append(entry(at, post(6, 9, at)))
      await store.durable()
      const { entries, postings } = await journalled(store, 3)
      expect(entries.map(({ seq }) => seq)).toEqual([4, 5])
      expect(postings.map(({ seq }) => seq)).toEqual([4, 5])
      const next = await reopen()
      next.append(entry(5))
      await next.durable()
      expect((await journalled(next, 5)).entries).toMatchObject([{ seq: 6, event: { at: 5 } }])
      expect((await journalled(next, 6)).entries).toEqual([])
    })

    it("reads the same unchecked, and knows the digest of each entry", async () => {
      const { store } = await make()
      const given = [entry(1, measure), entry(2)]
      for (const one of given) store.append(one)
      await store.durable()
      const seen: Array<StoredEntry> = []
      const take = (some: ReadonlyArray<StoredEntry>) => Effect.sync(() => void seen.push(...some))
      await Effect.runPromise(store.uncheckedEntries(take))
      expect(seen).toEqual((await journalled(store)).entries)
      expect(await Effect.runPromise(store.digestAt(2))).toBe(given[1].digest)
      expect(await Effect.runPromise(store.digestAt(3))).toBeUndefined()
    })

    it("tells of each commit, and ends where whoever reads it fails", async () => {
      const { store } = await make()
      let rows = 0
      store.onCommit((count) => {
        rows += count
      })
      store.append(entry(1))
      store.append(entry(2))
      await store.durable()
      expect(rows).toBe(2)
      const failing = store.entriesAfter(0, () => Effect.fail("enough"))
      expect(await Effect.runPromise(Effect.flip(failing))).toBe("enough")
    })
  })

  describe(`${name}: beside the journal`, () => {
    it("knows the market's rules once it was opened", async () => {
      const { store, reopen } = await make()
      expect(await Effect.runPromise(store.meta)).toBeUndefined()
      const meta = { economy: pooled, seed: "seed", openedAtMillis: 1234 }
      store.putMeta(meta)
      await store.durable()
      expect(await Effect.runPromise(store.meta)).toEqual(meta)
      expect(await Effect.runPromise((await reopen()).meta)).toEqual(meta)
    })

    it("keeps the latest record of each id, apart by kind and in order", async () => {
      const { store, reopen } = await make()
      for (const kind of recordKinds) {
        store.putRecord(kind, { id: 2, record: `{"of":"${kind}"}` })
        store.putRecord(kind, { id: 1, record: "{}" })
        store.putRecord(kind, { id: 2, record: `{"again":"${kind}"}` })
      }
      await store.durable()
      for (const one of [store, await reopen()])
        for (const kind of recordKinds)
          expect(await Effect.runPromise(one.records(kind))).toEqual([
            { id: 1, record: "{}" },
            { id: 2, record: `{"again":"${kind}"}` },
          ])
    })

    it("keeps the latest note of what a request has delivered, until it is forgotten", async () => {
      const { store, reopen } = await make()
      store.noteDelivered({ request: 1, attempt: 0, tokens: 3 })
      store.noteDelivered({ request: 1, attempt: 1, tokens: 4 })
      store.noteDelivered({ request: 2, attempt: 0, tokens: 5 })
      store.noteDelivered({ request: 3, attempt: 0, tokens: 6 })
      store.forgetDelivered(2)
      await store.durable()
      const next = await reopen()
      for (const one of [store, next])
        expect(await Effect.runPromise(one.delivered)).toEqual([
          { request: 1, attempt: 1, tokens: 4 },
          { request: 3, attempt: 0, tokens: 6 },
        ])
      next.forgetAllDelivered()
      await next.durable()
      expect(await Effect.runPromise(next.delivered)).toEqual([])
    })

    it("gives notes for auditors page by page, the newest first", async () => {
      const { store } = await make()
      for (let at = 0; at < 5; at++)
        store.noteAudit({ at, finding: "ToppedUp", subject: at, quantity: null, actor: null })
      await store.durable()
      const newest = await Effect.runPromise(store.audits(2, undefined))
      expect(newest).toMatchObject([
        { at: 4, finding: "ToppedUp", subject: 4, quantity: null, actor: null },
        { at: 3 },
      ])
      const older = await Effect.runPromise(store.audits(10, newest[1].id))
      expect(older.map(({ at }) => at)).toEqual([2, 1, 0])
    })

    it("keeps snapshots, the latest first, each as the market stood behind its entry", async () => {
      const { store, reopen } = await make()
      const market = createMarket(pooled, "snapshots")
      await store.putSnapshot(market)
      store.append(entry(1))
      await store.putSnapshot(market)
      await store.durable()
      const snapshots = await Effect.runPromise((await reopen()).snapshots)
      expect(snapshots.map(({ seq }) => seq)).toEqual([1, 0])
      const restored = restoreImage(snapshots[0].image)
      if (restored._tag === "Left") throw restored.left
      expect(digestOf(restored.right)).toBe(digestOf(market))
    })
  })

  describe(`${name}: files and items of batches`, () => {
    it("keep parts and items, take answers, and forget what is over", async () => {
      const { store, reopen } = await make()
      store.putFilePart(1, 0, Buffer.from("one"))
      store.putFilePart(1, 1, Buffer.from("two"))
      store.putFilePart(2, 0, Buffer.from("other"))
      store.putFilePart(1, 1, Buffer.from("2"))
      store.forgetFileParts(2)
      const items = [3, 1, 2].map((item) => ({ item, asked: JSON.stringify({ item }) }))
      store.putBatchItems(7, items)
      store.putBatchItems(8, items)
      store.noteBatchAnswer(7, 2, `{"status":200}`)
      store.forgetBatchItems(8)
      await store.durable()
      const next = await reopen()
      const textOf = async (file: number, part: number) => {
        const bytes = await Effect.runPromise(next.filePart(file, part))
        return bytes === undefined ? undefined : Buffer.from(bytes).toString()
      }
      expect([await textOf(1, 0), await textOf(1, 1), await textOf(1, 2)]).toEqual([
        "one",
        "2",
        undefined,
      ])
      expect(await textOf(2, 0)).toBeUndefined()
      expect(await Effect.runPromise(next.batchItems(7, 2, 10))).toEqual([
        { item: 2, asked: `{"item":2}`, answer: `{"status":200}` },
        { item: 3, asked: `{"item":3}`, answer: null },
      ])
      expect(await Effect.runPromise(next.batchItems(7, 0, 1))).toHaveLength(1)
      expect(await Effect.runPromise(next.batchItems(8, 0, 10))).toEqual([])
    })
  })

  describe(`${name}: receipts`, () => {
    const receipt = (request: number, at: number, more: Partial<Receipt> = {}): Receipt => ({
      request,
      at,
      account: 1,
      key: 5,
      requestId: `req_${request}`,
      model: 2,
      instance: 3,
      inputTokens: 10,
      outputTokens: 20,
      inputPricePerMtok: 100,
      outputPricePerMtok: 9_007_199_254_740_991,
      charge: 7,
      outcome: "completed",
      ...more,
    })

    it("come back as they were noted, the latest first, page by page, of one account alone", async () => {
      const { store, reopen } = await make()
      const all = [
        receipt(1, 10),
        receipt(2, 30, { key: null, requestId: null }),
        receipt(3, 20, { model: 9 }),
        receipt(4, 20, { key: 6 }),
        receipt(5, 40, { account: 8 }),
      ]
      for (const one of all) store.noteReceipt(one)
      await store.durable()
      for (const one of [store, await reopen()]) {
        const ask = (more: object) =>
          Effect.runPromise(one.receipts({ account: 1, fromMicros: 0, count: 10, ...more }))
        expect(await ask({})).toEqual([all[1], all[3], all[2], all[0]])
        expect(await ask({ fromMicros: 20, count: 2 })).toEqual([all[1], all[3]])
        expect(await ask({ before: { at: 20, request: 4 } })).toEqual([all[2], all[0]])
        expect(await ask({ key: 6 })).toEqual([all[3]])
        expect(await ask({ model: 9 })).toEqual([all[2]])
        expect(await ask({ requestId: "req_1" })).toEqual([all[0]])
        expect(await Effect.runPromise(one.receiptsOf([3, 1, 99]))).toEqual([all[0], all[2]])
      }
    })

    it("add up by span, model and key, or by fewer of these", async () => {
      const { store } = await make()
      store.noteReceipt(receipt(1, 10, { charge: 9_007_199_254_740_000 }))
      store.noteReceipt(receipt(2, 20))
      store.noteReceipt(receipt(3, 110, { key: null }))
      store.noteReceipt(receipt(4, 120, { model: 4 }))
      store.noteReceipt(receipt(5, 120, { account: 8 }))
      await store.durable()
      const ask = (by: ReadonlyArray<UsagePart>, more: object = {}) =>
        Effect.runPromise(
          store.usage({
            account: 1,
            by,
            fromMicros: 0,
            lengthMicros: 100,
            originMicros: 50,
            count: 10,
            ...more,
          }),
        )
      const one = { calls: 1, inputTokens: 10, outputTokens: 20, charge: 7 }
      const rows = [
        { ...one, span: 1, model: 4, key: 5 },
        { ...one, span: 1, model: 2, key: -1 },
        {
          span: 0,
          model: 2,
          key: 5,
          calls: 2,
          inputTokens: 20,
          outputTokens: 40,
          charge: 9_007_199_254_740_007,
        },
      ]
      expect(await ask(["span", "model", "key"])).toEqual(rows)
      expect(await ask(["span", "model", "key"], { before: rows[0], count: 1 })).toEqual([rows[1]])
      expect(await ask(["span", "model", "key"], { fromMicros: 100 })).toEqual(rows.slice(0, 2))
      expect(await ask(["model"])).toMatchObject([
        { span: -1, model: 4, key: -1, calls: 1 },
        { span: -1, model: 2, key: -1, calls: 3 },
      ])
      expect(await ask([])).toMatchObject([{ span: -1, model: -1, key: -1, calls: 4 }])
      expect(await ask([], { account: 99 })).toEqual([])
    })
  })

  describe(`${name}: the postings`, () => {
    it("make statements: lines of some lots before a place, and what came after it", async () => {
      const { store } = await make()
      // Both sides of a posting between two of the lots are lines, the debit before the credit.
      store.append(entry(1, post(6, 9, 100)))
      store.append(entry(2, post(9, 10, 30), post(10, 6, 5)))
      store.append(entry(3, post(6, 7, 1)))
      await store.durable()
      const ask = (before: { seq: number; line: number; side: 0 | 1 }, count: number) =>
        Effect.runPromise(store.statement({ lots: [9, 10], before, count, lastSeq: 3 }))
      const all = await ask({ seq: 4, line: 0, side: 0 }, 10)
      const places = [
        { seq: 2, line: 1, side: 0, debit: 10, amount: 5 },
        { seq: 2, line: 0, side: 1, credit: 10, amount: 30 },
        { seq: 2, line: 0, side: 0, debit: 9, amount: 30 },
        { seq: 1, line: 0, side: 1, credit: 9, amount: 100 },
      ]
      expect(all.lines).toMatchObject(places)
      expect(all.newer).toBe(0)
      const page = await ask({ seq: 2, line: 0, side: 1 }, 1)
      expect(page.lines).toMatchObject([places[2]])
      expect(page.newer).toBe(30 - 5)
    })

    it("add up what lots earned, by span, kind and lot, from a time on", async () => {
      const { store } = await make()
      store.append(entry(0, post(0, 9, 1, "share")))
      store.append(entry(microsPerHour, post(0, 9, 2, "share"), post(0, 10, 4, "vestingBounty")))
      store.append(entry(microsPerHour + 1, post(0, 9, 8, "share"), post(0, 9, 16, "purchase")))
      store.append(entry(microsPerHour + 2, post(0, 10, 32, "share")))
      store.append(entry(3 * microsPerHour, post(0, 9, 64, "bounty"), post(0, 8, 128, "share")))
      store.append(entry(3 * microsPerHour, post(0, 9, 256, "rentShare"), post(0, 2, 9, "rentFee")))
      await store.durable()
      const hours = { fromMicros: microsPerHour, lengthMicros: microsPerHour, originMicros: 0 }
      expect(await Effect.runPromise(store.earnings([9, 10], hours))).toEqual([
        { span: 1, kind: "share", lot: 9, total: 10 },
        { span: 1, kind: "share", lot: 10, total: 32 },
        { span: 1, kind: "vestingBounty", lot: 10, total: 4 },
        { span: 3, kind: "bounty", lot: 9, total: 64 },
        { span: 3, kind: "rentShare", lot: 9, total: 256 },
      ])
      // By another clock, what was a moment apart lies in two hours.
      const clock = { ...hours, originMicros: 400_001 * microsPerHour - 1 }
      const spans = (await Effect.runPromise(store.earnings([9], clock))).map(({ span }) => span)
      expect(spans).toEqual([400_001, 400_002, 400_003, 400_003])
    })

    it("add up what instances were paid by the ends of their calls, gifts apart", async () => {
      const { store } = await make()
      store.append(entry(5, post(0, 9, 7, "share"), finish(1)))
      // Half of it a gift: two postings, one call.
      store.append(entry(6, post(0, 9, 4, "share"), post(0, 7, 3, "share"), finish(1)))
      store.append(entry(6, post(0, 9, 7, "share"), finish(2)))
      store.append(entry(7, post(0, 7, 7, "share"), finish(3)))
      store.append(entry(8, post(0, 10, 7, "share"), finish(1)))
      await store.durable()
      const ask = (fromMicros: number) =>
        Effect.runPromise(
          store.pay({
            earnedLot: 9,
            giftLot: 7,
            instances: [1, 3],
            fromMicros,
            lengthMicros: microsPerHour,
            originMicros: 0,
          }),
        )
      const call = { tokens: 7, gross: 10, fee: 2, withheld: 1, bounty: 3 }
      expect(await ask(0)).toEqual([
        {
          span: 0,
          instance: 1,
          jobs: 2,
          tokens: 14,
          gross: 20,
          fee: 4,
          withheld: 2,
          bounty: 6,
          earned: 11,
          gift: 3,
        },
        { span: 0, instance: 3, jobs: 1, ...call, earned: 0, gift: 7 },
      ])
      expect(await ask(9)).toEqual([])
    })
  })

  describe(`${name}: pay by caller`, () => {
    it("tells calls apart by who called and for what, gifts together, those without a receipt too", async () => {
      const { store } = await make()
      const paid = (
        request: number,
        instance: number,
        ...shares: ReadonlyArray<[number, number]>
      ) =>
        store.append({
          event: {
            _tag: "AttemptEnded",
            at: 5,
            request,
            attempt: 0,
            outcome: "completed",
            outputTokens: 7,
            reportedTokens: 7,
            decodeMicros: 1000,
            retryAfterMicros: 0,
          } as MarketEvent,
          commands: [
            ...shares.map(
              ([lot, amount]) =>
                ({ ...post(0, lot, amount, "share"), reference: request }) as Command,
            ),
            { ...finish(instance), request } as Command,
          ],
          digest: `digest ${digests++}`,
        })
      const noted = (request: number, account: number, model: number) =>
        store.noteReceipt({
          request,
          at: 5,
          account,
          model,
          key: null,
          requestId: null,
          instance: 1,
          ...plainReceipt,
        })
      paid(1, 1, [9, 4], [7, 3])
      paid(2, 1, [9, 5])
      paid(3, 1, [9, 6])
      paid(4, 2, [9, 7])
      paid(5, 1, [9, 8])
      noted(1, 20, 3)
      noted(2, 20, 3)
      noted(3, 21, 3)
      noted(4, 20, 3)
      await store.durable()
      const rows = await Effect.runPromise(
        store.payByCaller({
          earnedLot: 9,
          giftLot: 7,
          instances: [1],
          fromMicros: 0,
          lengthMicros: microsPerHour,
          originMicros: 0,
        }),
      )
      const call = { span: 0, jobs: 1, gross: 10, fee: 2, decodeMicros: 1000 }
      expect(rows).toEqual([
        { ...call, account: null, model: null, share: 8 },
        {
          span: 0,
          account: 20,
          model: 3,
          jobs: 2,
          gross: 20,
          fee: 4,
          share: 12,
          decodeMicros: 2000,
        },
        { ...call, account: 21, model: 3, share: 6 },
      ])
    })
  })

  describe(`${name}: steps of bookings`, () => {
    const step = (booking: number, kind: string, at: number) => ({
      at,
      booking,
      listing: booking % 2,
      consumer: 10 + booking,
      provider: 20,
      kind,
      figures: JSON.stringify({ at }),
    })
    const written = [
      step(1, "ordered", 5),
      step(2, "ordered", 6),
      step(1, "granted", 7),
      step(1, "closed", 9),
    ]
    const all = { afterId: 0, count: 10 }

    it("come back in the order in which they were noted, after a restart too", async () => {
      const { store, reopen } = await make()
      for (const one of written) store.noteBookingStep(one)
      await store.durable()
      for (const one of [store, await reopen()]) {
        const found = await Effect.runPromise(one.bookingSteps(all))
        expect(found.map(({ id: _id, ...rest }) => rest)).toEqual(written)
        expect(found.map(({ id }) => id)).toEqual(
          found.map(({ id }) => id).toSorted((a, b) => a - b),
        )
      }
    })

    it("are found by booking, listing, either party, kind and time, page by page", async () => {
      const { store } = await make()
      for (const one of written) store.noteBookingStep(one)
      await store.durable()
      const ask = async (query: object) =>
        (await Effect.runPromise(store.bookingSteps({ ...all, ...query }))).map(({ at }) => at)
      expect(await ask({ booking: 1 })).toEqual([5, 7, 9])
      expect(await ask({ listing: 0 })).toEqual([6])
      expect(await ask({ account: 11 })).toEqual([5, 7, 9])
      expect(await ask({ account: 20 })).toEqual([5, 6, 7, 9])
      expect(await ask({ account: 99 })).toEqual([])
      expect(await ask({ kind: "ordered", account: 20 })).toEqual([5, 6])
      expect(await ask({ fromMicros: 7 })).toEqual([7, 9])
      expect(await Effect.runPromise(store.lastBookingStep)).toBe(4)
      const [first] = await Effect.runPromise(store.bookingSteps({ ...all, count: 1 }))
      expect(await ask({ afterId: first?.id, count: 2 })).toEqual([6, 7])
    })
  })

  describe("samples", () => {
    it("are found by step, subject and time, replaced by later ones, and forgotten by age", async () => {
      const { store, reopen } = await make()
      const sample = (stepSeconds: number, subject: number, at: number, value: number) => ({
        stepSeconds,
        subject,
        at,
        figures: JSON.stringify({ value }),
      })
      store.putSamples([sample(60, -1, 60, 1), sample(60, 3, 60, 2), sample(300, -1, 0, 3)])
      store.putSamples([sample(60, -1, 120, 4), sample(60, 3, 60, 5)])
      await store.durable()
      const found = (one: MarketStore, stepSeconds: number, from: number, subject?: number) =>
        Effect.runPromise(
          one.samples({ stepSeconds, from, ...(subject === undefined ? {} : { subject }) }),
        )
      expect(await found(store, 60, 0)).toEqual([
        sample(60, -1, 60, 1),
        sample(60, 3, 60, 5),
        sample(60, -1, 120, 4),
      ])
      expect(await found(store, 60, 61)).toEqual([sample(60, -1, 120, 4)])
      store.forgetSamples(60, 120)
      await store.durable()
      const again = await reopen()
      expect(await found(again, 60, 0)).toEqual([sample(60, -1, 120, 4)])
      expect(await found(again, 60, 0, 3)).toEqual([])
      expect(await found(again, 300, 0)).toEqual([sample(300, -1, 0, 3)])
    })
  })
  describe("sessions", () => {
    it("are kept by their hashes, replaced by later ones, and forgotten one by one", async () => {
      const { store, reopen } = await make()
      const session = (hash: string, key: number) => ({ hash, session: JSON.stringify({ key }) })
      const found = async (one: MarketStore) =>
        (await Effect.runPromise(one.sessions)).toSorted((a, b) => a.hash.localeCompare(b.hash))
      for (const one of [session("a", 1), session("b", 2), session("c", 3)]) store.putSession(one)
      store.putSession(session("b", 4))
      store.forgetSession("a")
      store.forgetSession("unknown")
      await store.durable()
      for (const one of [store, await reopen()])
        expect(await found(one)).toEqual([session("b", 4), session("c", 3)])
    })
  })
}
