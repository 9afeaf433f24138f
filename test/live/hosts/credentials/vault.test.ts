import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Effect, Exit, Redacted } from "effect"
import fc from "fast-check"
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { masterKeyFile } from "../../../../live/store/data-directory.ts"
import type { Vault } from "../../../../live/hosts/credentials/vault.ts"
import {
  openVault,
  rewrapTokens,
  SealBroken,
  tokenOf,
} from "../../../../live/hosts/credentials/vault.ts"
import { temporaryFolder } from "../../support/data-directory.ts"
import { openTestMarket } from "../../support/market.ts"
import { testVault } from "../host-server.ts"

const token = "sk-provider-0123456789"

const openIn = (folder: string, keys?: string): Promise<Exit.Exit<Vault, unknown>> =>
  Effect.runPromiseExit(
    openVault(folder).pipe(
      Effect.withConfigProvider(
        ConfigProvider.fromMap(new Map(keys === undefined ? [] : [["EVENKEEL_MASTER_KEYS", keys]])),
      ),
      Effect.provide(NodeContext.layer),
    ),
  )
const opened = async (folder: string, keys?: string): Promise<Vault> =>
  Exit.getOrElse(await openIn(folder, keys), (cause) => {
    throw new Error(String(cause))
  })
const key = (id: string, byte: number): string =>
  `${id}:${Buffer.alloc(32, byte).toString("base64")}`

describe("the vault", () => {
  it("opens what it sealed, for that host only", () => {
    const vault = testVault()
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const whole = Buffer.from(text).toString()
        const sealed = vault.seal(whole, "host_a")
        expect(Redacted.value(vault.open(sealed, "host_a"))).toBe(whole)
        expect(() => vault.open(sealed, "host_b")).toThrow(SealBroken)
      }),
      { numRuns: 200 },
    )
  })

  it("seals the same token differently each time, and shows nothing of it", () => {
    const vault = testVault()
    const sealed = vault.seal(token, "host_a")
    expect(sealed).not.toBe(vault.seal(token, "host_a"))
    expect(sealed).not.toContain(token)
    const open = vault.open(sealed, "host_a")
    expect(`${String(open)} ${JSON.stringify({ open })} ${inspect(open)}`).not.toContain(token)
  })

  it("opens nothing that was changed in any one place", () => {
    const vault = testVault()
    const sealed = vault.seal(token, "host_a")
    const parts = sealed.split(".")
    const changed: Array<string> = [
      `${sealed}.`,
      `${sealed}.x`,
      sealed.slice(0, -8),
      "",
      "ev1...",
      "x",
    ]
    for (const part of [2, 3]) {
      const bytes = Buffer.from(parts[part] ?? "", "base64url")
      for (let at = 0; at < bytes.length; at++) {
        const other = Buffer.from(bytes)
        other[at]! ^= 1
        changed.push(parts.with(part, other.toString("base64url")).join("."))
      }
    }
    // Parts of two seals do not fit together either.
    const twin = vault.seal(token, "host_a").split(".")
    changed.push(parts.with(2, twin[2]!).join("."), parts.with(1, "k00000000").join("."))
    for (const one of changed) expect(() => vault.open(one, "host_a"), one).toThrow(SealBroken)
  })

  it("makes its master key on first start, for its owner's eyes only", async () => {
    const folder = temporaryFolder()
    const sealed = (await opened(folder)).seal(token, "host_a")
    const file = join(folder, masterKeyFile)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual([masterKeyFile])
    const again = await opened(folder)
    expect(Redacted.value(again.open(sealed, "host_a"))).toBe(token)
  })

  it("refuses a key file that others may read, and one that holds no key", async () => {
    const folder = temporaryFolder()
    await opened(folder)
    const file = join(folder, masterKeyFile)
    chmodSync(file, 0o644)
    expect(String(await openIn(folder))).toContain("chmod 600")
    chmodSync(file, 0o600)
    writeFileSync(file, "k1:dG9vIHNob3J0\n")
    const failed = String(await openIn(folder))
    expect(failed).toContain("key 1 is no key")
    expect(failed).not.toContain("dG9vIHNob3J0")
  })

  it("takes its keys from the environment, and writes none of them", async () => {
    const folder = temporaryFolder()
    const first = await opened(folder, key("one", 1))
    expect(readdirSync(folder)).toEqual([])
    const sealed = first.seal(token, "host_a")
    expect(sealed).toMatch(/^ev1\.one\./)
    const second = await opened(folder, `${key("two", 2)},${key("one", 1)}`)
    expect(second.isCurrent(sealed)).toBe(false)
    const rewrapped = second.rewrap(sealed, "host_a")
    const third = await opened(folder, key("two", 2))
    expect(Redacted.value(third.open(rewrapped, "host_a"))).toBe(token)
    expect(() => third.open(sealed, "host_a")).toThrow(/master key one/)
    expect(Exit.isFailure(await Effect.runPromiseExit(third.renew))).toBe(true)
    for (const wrong of ["two", "two:AAAA", `${key("two", 2)},${key("two", 1)}`, ",", "b@d:AAAA"])
      expect(Exit.isFailure(await openIn(folder, wrong)), wrong).toBe(true)
  })

  it("rotates its key without a moment in which a token does not open", async () => {
    const folder = temporaryFolder()
    const vault = await opened(folder)
    const market = openTestMarket()
    const model = market.listModel({})
    const { host } = market.startHost({ model, delivery: "cloud" })
    const current = () => market.directory.hosts.get(host.id)!
    market.directory.hosts.put({ ...host, sealedToken: vault.seal(token, host.publicId) })
    market.startHost({ model, delivery: "cloud", sealedToken: "ev1.gone.AAAA.AAAA" })
    const { host: broken } = market.startHost({ model, delivery: "cloud", sealedToken: "x" })
    const before = current().sealedToken
    await Effect.runPromise(vault.renew)
    expect(Redacted.value(tokenOf(vault, current())!)).toBe(token)
    const { wrapped, broken: lost } = rewrapTokens(market.directory, vault)
    expect(wrapped).toBe(1)
    expect(lost).toContain(broken.publicId)
    expect(lost).toHaveLength(2)
    expect(current().sealedToken).not.toBe(before)
    expect(current().sealedToken?.split(".")[3]).toBe(before?.split(".")[3])
    expect(Redacted.value(tokenOf(vault, current())!)).toBe(token)
    expect(rewrapTokens(market.directory, vault).wrapped).toBe(0)
    // The keys of both survive a restart.
    expect(readFileSync(join(folder, masterKeyFile), "utf8").trim().split("\n")).toHaveLength(2)
    const restarted = await opened(folder)
    expect(restarted.isCurrent(current().sealedToken!)).toBe(true)
    expect(Redacted.value(restarted.open(before!, host.publicId))).toBe(token)
  })
})
