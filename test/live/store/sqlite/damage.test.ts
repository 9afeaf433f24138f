/**
 * What a disk, a copy or a careless hand can do to the files of a data directory between two runs. However
 * they were damaged, the next start has all that was acknowledged, or refuses and says why.
 */
import { NodeContext } from "@effect/platform-node"
import fc from "fast-check"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import {
  closeSync,
  cpSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs"
import { basename, join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { booksView, pooled, stateDigest } from "../../../../engine/index.ts"
import { makeKey } from "../../../../live/directory/keys.ts"
import { statementPage } from "../../../../live/accounts/statement.ts"
import { defaultConfig } from "../../../../live/config/config.ts"
import { makeMarketDriver } from "../../../../live/driver/market-driver.ts"
import { makeSessions } from "../../../../live/directory/sessions.ts"
import { makeUploadWays } from "../../../../live/directory/upload-ways.ts"
import { Store } from "../../../../live/store/store.ts"
import { openedLayer } from "../../../../live/start/open-directory.ts"
import { Opened as OpenedMarket, readDelivered } from "../../../../live/driver/recovery.ts"
import { HostDirectory } from "../../../../live/directory/directory.ts"
import { crashImage, keptFolder, temporaryFolder } from "../../support/data-directory.ts"
import { manualClock } from "../../support/manual-clock.ts"
import { isLong } from "../../../support/property-runs.ts"

const trials = Number(process.env["EVENKEEL_TRIALS"] ?? (isLong ? 5000 : 60))
const accounts = 3
const database = "market.sqlite"
const files = [database, `${database}-wal`, "market.head"] as const

const opened = async (folder: string) => {
  const scope = await Effect.runPromise(Scope.make())
  const close = (): Promise<void> => Effect.runPromise(Scope.close(scope, Exit.void))
  const made = await Effect.runPromise(
    Layer.build(
      openedLayer({
        dataDirectory: folder,
        economy: pooled,
        newSeed: () => "damage",
        nowMillis: 0,
        checkedFirstMib: 64,
        onBroken: (error) => {
          throw error
        },
      }),
    ).pipe(Scope.extend(scope), Effect.provide(NodeContext.layer), Effect.either),
  )
  if (made._tag === "Left") {
    await close()
    return { error: made.left, close: () => Promise.resolve() } as const
  }
  const store = Context.get(made.right, Store)
  const directory = Context.get(made.right, HostDirectory)
  const market = Context.get(made.right, OpenedMarket)
  const clock = manualClock(market.engine.market.now)
  const driver = makeMarketDriver(market.engine, clock, store)
  const nowMillis = () => 1000
  const uploads = makeUploadWays()
  return {
    store,
    directory,
    driver,
    config: defaultConfig,
    sessions: makeSessions(nowMillis, store),
    uploads,
    nowMillis,
    clock,
    close,
  } as const
}
type Opened = Exclude<Awaited<ReturnType<typeof opened>>, { readonly error: unknown }>

const mustOpen = async (folder: string): Promise<Opened> => {
  const made = await opened(folder)
  if ("error" in made) throw made.error
  return made
}

/** Everything that the outside was told, as far as a start can show it. */
const knownOf = async (services: Opened) => {
  const { store, directory, driver } = services
  const statements = []
  for (let account = 1; account <= accounts; account++) {
    const lines = []
    let cursor: { seq: number; line: number; side: 0 | 1 } | undefined
    for (let isMore = true; isMore;) {
      const page = await Effect.runPromise(
        statementPage(services, (at) => at, account, 150, cursor),
      )
      lines.push(...page.data)
      const match = /^(\d+)-(\d+)-([01])$/.exec(page.next_cursor ?? "")
      isMore = match !== null
      if (match !== null)
        cursor = { seq: Number(match[1]), line: Number(match[2]), side: match[3] === "1" ? 1 : 0 }
    }
    statements.push(lines)
  }
  const delivered = await Effect.runPromise(Effect.provideService(readDelivered, Store, store))
  return {
    state: stateDigest(driver.market),
    sum: booksView(driver.market).total,
    lastSeq: store.lastSeq(),
    records: [directory.accounts, directory.keys, directory.transfers, directory.hosts].map(
      (all) => [...all.all()],
    ),
    delivered: [delivered(1, 0), delivered(2, 0)],
    audits: await Effect.runPromise(store.audits(1_000_000, undefined)),
    statements,
  }
}

const live = async ({ directory, driver, clock, store }: Opened, from: number): Promise<void> => {
  for (let n = from; n < from + 60; n++) {
    clock.pass(1000)
    const account = 1 + (n % accounts)
    if (directory.accounts.get(account) === undefined) {
      directory.accounts.put({
        id: account,
        publicId: `acct_${account}`,
        name: "a",
        createdAtMillis: n,
      })
      driver.submit({ _tag: "AccountOpened", account })
      makeKey({ directory, nowMillis: () => n }, { role: "account", account, name: "key" })
    }
    directory.transfers.put({
      id: n,
      publicId: `tr_${n}`,
      kind: "purchase",
      name: `top-up ${n}`,
      account,
      amount: 1000 + n,
      state: "posted",
      createdAtMillis: n,
    })
    driver.submit({ _tag: "CreditsBought", account, transfer: n, amount: 1000 + n })
    store.noteAudit({
      at: n,
      finding: "ToppedUp",
      subject: account,
      quantity: n,
      actor: "key_1",
    })
    if (n % 5 === 0) store.noteDelivered({ request: n % 3, attempt: 0, tokens: n })
    if (n % 3 === 0) await driver.durable()
  }
  await driver.durable()
}

/** `dirty`: as a crash leaves it, most of it in the log; `clean`: as an orderly end does. */
const golden = { dirty: "", clean: "", older: "", oldest: "" }
let known: Awaited<ReturnType<typeof knownOf>>

beforeAll(async () => {
  const folder = keptFolder()
  const first = await mustOpen(folder)
  golden.oldest = crashImage(folder, keptFolder())
  await live(first, 1)
  await first.store.putSnapshot(first.driver.market)
  await live(first, 61)
  await first.close()
  const second = await mustOpen(folder)
  await live(second, 121)
  golden.older = crashImage(folder, keptFolder())
  await live(second, 181)
  await second.store.putSnapshot(second.driver.market)
  await live(second, 241)
  golden.dirty = crashImage(folder, keptFolder())
  golden.clean = folder
  known = await knownOf(second)
  await second.close()
}, 60_000)

const copyOf = (image: string): string => {
  const folder = temporaryFolder()
  for (const name of files)
    if (existsSync(join(image, name))) cpSync(join(image, name), join(folder, name))
  return folder
}

/** Uniform: doubles, and numbers with fast-check's bias, would nearly all lie at the file's beginning. */
const share = fc.noBias(fc.nat(999_999)).map((part) => part / 1_000_000)
const damage = fc.record({
  image: fc.constantFrom("dirty" as const, "clean" as const),
  file: fc.constantFrom(
    database,
    database,
    database,
    `${database}-wal`,
    `${database}-wal`,
    files[2],
  ),
  kind: fc.constantFrom(
    "bit",
    "bit",
    "bit",
    "bytes",
    "zeroed",
    "swapped",
    "cut",
    "gone",
    "older",
    "oldest",
  ),
  at: share,
  other: share,
  bit: fc.integer({ min: 0, max: 7 }),
})
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

const swapOf = (image: Damage["image"], at: number, other: number): [Damage] => [
  { image, file: database, kind: "swapped", at, other, bit: 0 },
]

const pageBytes = 4096

const spoil = (folder: string, { file, kind, at, other, bit }: Damage): void => {
  // After an orderly end there is no log.
  const path = join(folder, existsSync(join(folder, file)) ? file : database)
  if (kind === "gone") return rmSync(path)
  if (kind === "older" || kind === "oldest") return cpSync(join(golden[kind], basename(path)), path)
  const { size } = statSync(path)
  const fd = openSync(path, "r+")
  const pages = Math.max(1, Math.floor(size / pageBytes))
  const pageAt = (share: number): number => Math.floor(share * pages) * pageBytes
  const read = (from: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length)
    readSync(fd, bytes, 0, length, from)
    return bytes
  }
  const write = (bytes: Buffer, to: number): void => void writeSync(fd, bytes, 0, bytes.length, to)
  const offset = Math.floor(at * size)
  if (kind === "bit") {
    const byte = read(offset, 1)
    byte[0] ^= 1 << bit
    write(byte, offset)
  } else if (kind === "bytes") {
    const bytes = read(offset, Math.min(200, size - offset))
    bytes.forEach((byte, index) => (bytes[index] = byte ^ (index * 37 + bit + 1)))
    write(bytes, offset)
  } else if (kind === "zeroed") write(Buffer.alloc(Math.min(pageBytes, size)), pageAt(at))
  else if (kind === "swapped") {
    const [one, two] = [read(pageAt(at), pageBytes), read(pageAt(other), pageBytes)]
    write(one, pageAt(other))
    write(two, pageAt(at))
  } else ftruncateSync(fd, offset)
  closeSync(fd)
}

const tally: Record<string, number> = {}

describe("a data directory whose files were damaged between two runs", () => {
  it("undamaged has all that was acknowledged", async () => {
    for (const image of [golden.clean, golden.dirty]) {
      const services = await mustOpen(copyOf(image))
      expect(await knownOf(services)).toEqual(known)
      await services.close()
    }
    expect(known.statements.every((lines) => lines.length > 90)).toBe(true)
  })

  it("has all that was acknowledged, or is refused with what is wrong", async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const folder = copyOf(golden[how.image])
        spoil(folder, how)
        const services = await opened(folder)
        if ("error" in services) {
          const { error } = services
          expect(error._tag).toBe("StoreUnusable")
          expect(error.message.startsWith(`${folder}: `)).toBe(true)
          expect(error.message).toMatch(/damaged|lost|gone|missing|is not the one/)
          expect(error.message).toMatch(/backup/)
          expect(error.message).not.toMatch(/SyntaxError|undefined|\.ts:|statement failed/)
        } else {
          expect(await knownOf(services)).toEqual(known)
          await services.close()
        }
        const outcome = `${how.image} ${how.file} ${how.kind}: ${"error" in services ? "refused" : "started"}`
        tally[outcome] = (tally[outcome] ?? 0) + 1
        rmSync(folder, { recursive: true, force: true })
      }),
      {
        numRuns: trials,
        examples: [
          // Two roots of indexes: one then has the other's entries besides its own.
          swapOf("dirty", 0.176471, 0.205883),
          // Another table's page in the place of the groups' last one.
          swapOf("clean", 0.796297, 0.851852),
          // And in the place of the migrations.
          swapOf("dirty", 0.352942, 0.029412),
        ],
      },
    )
    if (process.env["EVENKEEL_TRIALS"] !== undefined) console.log(tally)
  })
})
