import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Agent, request } from "undici"
import { afterEach, describe, expect, it } from "vitest"
import type { NetworkGuard, Resolve } from "../../../live/hosts/network-guard.ts"
import { NetworkInvalid } from "../../../live/http/networks.ts"
import {
  EndpointRefused,
  guardedConnector,
  makeNetworkGuard,
} from "../../../live/hosts/network-guard.ts"

const family = (address: string): number => (address.includes(":") ? 6 : 4)

/** A name server that knows these names; each look-up takes the next answer, the last one stays. */
const names = (table: Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>>) => {
  const asked: Array<string> = []
  const resolve: Resolve = async (hostname) => {
    const before = asked.filter((one) => one === hostname).length
    asked.push(hostname)
    const answers = table[hostname]
    if (answers === undefined) throw new Error(`ENOTFOUND ${hostname}`)
    const addresses = answers[Math.min(before, answers.length - 1)] ?? []
    return addresses.map((address) => ({ address, family: family(address) }))
  }
  return { asked, resolve }
}

const guardOf = (
  table: Parameters<typeof names>[0] = {},
  allowed: ReadonlyArray<string> = [],
): NetworkGuard => makeNetworkGuard(allowed, names(table).resolve)

const cleanups: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const refused = [
  // Loopback, private, link-local, shared, metadata, unspecified, multicast, reserved.
  "http://127.0.0.1",
  "http://127.255.255.254:8000",
  "http://10.1.2.3",
  "http://172.16.0.1",
  "http://172.31.255.255",
  "http://192.168.1.1",
  "http://169.254.1.1",
  "http://169.254.169.254/latest/meta-data",
  "http://100.64.0.1",
  "http://100.100.100.200",
  "http://168.63.129.16",
  "http://192.0.0.192",
  "http://0.0.0.0",
  "http://0.1.2.3",
  "http://224.0.0.1",
  "http://239.255.255.255",
  "http://240.0.0.1",
  "http://255.255.255.255",
  "http://192.0.2.1",
  "http://198.18.0.1",
  "http://198.51.100.1",
  "http://203.0.113.1",
  // The same in other spellings.
  "http://2130706433",
  "http://0x7f000001",
  "http://0x7f.1",
  "http://017700000001",
  "http://127.1",
  "http://0xA9FEA9FE",
  "http://0251.0376.0251.0376",
  "http://0",
  "http://①②⑦.0.0.1",
  // IPv6: of its own, and what stands for IPv4.
  "http://[::1]",
  "http://[::]",
  "http://[fe80::1]",
  "http://[fc00::1]",
  "http://[fd00:ec2::254]",
  "http://[fd12:3456::1]",
  "http://[ff02::1]",
  "http://[::ffff:127.0.0.1]",
  "http://[::ffff:a9fe:a9fe]",
  "http://[::ffff:8.8.8.8]",
  "http://[::127.0.0.1]",
  "http://[64:ff9b::7f00:1]",
  "http://[64:ff9b::8.8.8.8]",
  "http://[64:ff9b:1::1]",
  "http://[2002:7f00:1::]",
  "http://[2002:808:808::1]",
  "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
  "http://[2001:db8::1]",
  "http://[3fff::1]",
  "http://[100::1]",
  "http://[5f00::1]",
]

describe("an endpoint", () => {
  it("may be a public one", async () => {
    const guard = guardOf({ "gpu.example": [["93.184.216.34", "2606:2800:220:1::1"]] })
    for (const endpoint of [
      "https://gpu.example/v1",
      "http://gpu.example:8000",
      "https://8.8.8.8/v1",
      "https://[2606:4700::1111]:8443",
    ])
      expect((await guard.check(endpoint)).isPublic).toBe(true)
  })

  it.each(refused)("is refused as %s", async (endpoint) => {
    await expect(guardOf().check(endpoint)).rejects.toBeInstanceOf(EndpointRefused)
  })

  it("is refused where any address of its name is not public", async () => {
    const guard = guardOf({
      "inside.example": [["10.0.0.1"]],
      "mixed.example": [["93.184.216.34", "127.0.0.1"]],
      "mapped.example": [["::ffff:10.0.0.1"]],
      "link.example": [["fe80::1%eth0"]],
      "empty.example": [[]],
    })
    for (const name of ["inside", "mixed", "mapped", "link", "empty", "unknown"])
      await expect(guard.check(`https://${name}.example`)).rejects.toBeInstanceOf(EndpointRefused)
  })

  it("is refused with what does not belong into it", async () => {
    const guard = guardOf({ "gpu.example": [["93.184.216.34"]] })
    for (const endpoint of [
      "ftp://gpu.example",
      "file:///etc/passwd",
      "gopher://gpu.example",
      "gpu.example",
      "",
      "https://user:pass@gpu.example",
      "https://user@gpu.example",
      "https://gpu.example:22",
      "https://gpu.example:25",
      "https://gpu.example:6379",
      "https://gpu.example:0",
      "https://gpu.example/v1?key=1",
      "https://gpu.example/v1#part",
      `https://gpu.example/${"x".repeat(3000)}`,
    ])
      await expect(guard.check(endpoint)).rejects.toBeInstanceOf(EndpointRefused)
  })

  it("shows no credentials in the refusal", async () => {
    const error = await guardOf()
      .check("https://user:secret@gpu.example")
      .catch((cause: unknown) => cause)
    expect(String((error as Error).message)).not.toContain("secret")
  })

  it("may be in a network that the configuration allows, and in no other", async () => {
    const guard = guardOf({ "lan.example": [["10.0.0.7"]] }, ["10.0.0.0/8", "fd00::/8"])
    expect((await guard.check("http://lan.example:8000")).isPublic).toBe(false)
    expect(guard.isAllowed("fd00::1")).toBe(true)
    expect(guard.isAllowed("fe80::1")).toBe(false)
    expect(guard.isAllowed("192.168.0.1")).toBe(false)
    expect(guard.isAllowed("127.0.0.1")).toBe(false)
  })

  it("is a metadata service only where that very address is allowed", () => {
    expect(
      guardOf({}, ["169.254.0.0/16", "fd00::/8", "0.0.0.0/0"]).isAllowed("169.254.169.254"),
    ).toBe(false)
    expect(guardOf({}, ["fd00::/8"]).isAllowed("fd00:ec2:0:0::254")).toBe(false)
    expect(guardOf({}, ["169.254.169.254"]).isAllowed("169.254.169.254")).toBe(true)
  })

  it.each([
    "10.0.0.0/33",
    "10.0.0/8",
    "lan",
    "fd00::/129",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "fe80::1%1/64",
  ])("cannot be allowed by %s, which is no network", (network) => {
    expect(() => makeNetworkGuard([network])).toThrow(NetworkInvalid)
  })
})

describe("a guarded connection", () => {
  const startTarget = async (
    answer: http.RequestListener = (_, response) => response.end("hit"),
  ) => {
    const hits: Array<string> = []
    const server = http.createServer((incoming, response) => {
      hits.push(`${incoming.headers.host ?? ""}${incoming.url ?? ""}`)
      answer(incoming, response)
    })
    server.on("connection", () => hits.push("a connection"))
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
    cleanups.push(async () => {
      server.closeAllConnections()
      server.close()
    })
    return { hits, port: (server.address() as AddressInfo).port }
  }
  const get = async (guard: NetworkGuard, url: string) => {
    const dispatcher = new Agent({ connect: guardedConnector(guard) })
    cleanups.push(() => dispatcher.destroy())
    return request(url, { dispatcher })
  }
  const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "connected",
      (cause: unknown) => cause,
    )

  it("reaches an allowed address, under its own name", async () => {
    const { hits, port } = await startTarget()
    const guard = guardOf({ "gpu.example": [["127.0.0.1"]] }, ["127.0.0.0/8"])
    const { body } = await get(guard, `http://gpu.example:${port}/v1`)
    expect(await body.text()).toBe("hit")
    expect(hits).toEqual(["a connection", `gpu.example:${port}/v1`])
  })

  it("leads nowhere where the name stands for something else by now", async () => {
    const { hits, port } = await startTarget()
    const { resolve, asked } = names({ "rebind.example": [["93.184.216.34"], ["127.0.0.1"]] })
    const guard = makeNetworkGuard([], resolve)
    await guard.check(`http://rebind.example:${port}`)
    const reason = await reasonOf(get(guard, `http://rebind.example:${port}/`))
    expect(reason).toBeInstanceOf(EndpointRefused)
    expect(asked).toHaveLength(2)
    expect(hits).toEqual([])
  })

  it("connects to the very address that was checked", async () => {
    const { port } = await startTarget()
    // Asked once: a second answer would be the private one, and nobody asks for it.
    const { resolve, asked } = names({ "gpu.example": [["127.0.0.2"], ["10.0.0.1"]] })
    const guard = makeNetworkGuard(["127.0.0.2"], resolve)
    await reasonOf(get(guard, `http://gpu.example:${port}/`))
    expect(asked).toHaveLength(1)
  })

  it.each(["127.0.0.1", "[::1]", "2130706433", "0x7f.1"])("refuses %s", async (host) => {
    const { hits, port } = await startTarget()
    expect(await reasonOf(get(guardOf(), `http://${host}:${port}/`))).toBeInstanceOf(
      EndpointRefused,
    )
    expect(hits).toEqual([])
  })

  it("refuses a name with one bad address among good ones", async () => {
    const { hits, port } = await startTarget()
    const guard = guardOf({ "mixed.example": [["93.184.216.34", "127.0.0.1"]] })
    expect(await reasonOf(get(guard, `http://mixed.example:${port}/`))).toBeInstanceOf(
      EndpointRefused,
    )
    expect(hits).toEqual([])
  })

  it("does not follow a redirect", async () => {
    const inside = await startTarget()
    const outside = await startTarget((_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${inside.port}/secret` }).end()
    })
    const guard = guardOf({ "gpu.example": [["127.0.0.1"]] }, ["127.0.0.0/8"])
    const { statusCode } = await get(guard, `http://gpu.example:${outside.port}/`)
    expect(statusCode).toBe(307)
    expect(inside.hits).toEqual([])
  })

  it("says when a name does not resolve", async () => {
    const reason = await reasonOf(get(guardOf(), "http://unknown.example/"))
    expect(String(reason)).toContain("ENOTFOUND")
  })
})
