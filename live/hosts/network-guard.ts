/**
 * Which endpoints of operators the gateway may call. An operator gives an address, the gateway sends
 * requests there: without a guard it could be made to speak to whatever stands behind it (loopback,
 * private networks, a cloud's metadata service).
 *
 * - Only http and https, no credentials in the URL, no port that belongs to something else.
 * - Every address that the name stands for has to be a public one, or in a network that the
 *   configuration allows (`hosts.allowedNetworks`). Addresses that stand for others (IPv4-mapped,
 *   NAT64, 6to4, Teredo) are no public ones, whatever they stand for.
 * - Checked when a host registers, so that its operator hears of it, and again whenever a connection
 *   is made, on the very address that is connected to: a name that resolves to something else by then
 *   leads nowhere. Redirects are not followed: undici follows none by itself.
 *
 * Ranges: IANA's special-purpose address registries (RFC 6890 and its updates). Of IPv6 only what is
 * allotted as global unicast, 2000::/3, can be public at all.
 */
import { asError } from "../../platform/cause.ts"
import { Data } from "effect"
import { lookup as systemLookup } from "node:dns"
import type { LookupAddress } from "node:dns"
import type { LookupFunction } from "node:net"
import { isIP } from "node:net"
import { buildConnector } from "undici"
import type { Network } from "../http/networks.ts"
import { canonical, membership, parseNetwork } from "../http/networks.ts"

/** An endpoint that may not be called, in words for its operator. */
export class EndpointRefused extends Data.TaggedError("EndpointRefused")<{
  readonly endpoint: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.endpoint}: ${this.reason}`
  }
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<ReadonlyArray<LookupAddress>>

export interface CheckedEndpoint {
  /** As it will be called. */
  readonly url: URL
  /** Whether the way there leads through public networks. */
  readonly isPublic: boolean
}

export interface NetworkGuard {
  /** Is it public, or in an allowed network? */
  readonly isAllowed: (address: string) => boolean
  /** Rejects with `EndpointRefused`. */
  readonly check: (endpoint: string) => Promise<CheckedEndpoint>
  readonly resolve: Resolve
}

/** Never public. */
const specialIpv4: ReadonlyArray<Network> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]
const globalUnicast: Network = ["2000::", 3]
/** Within global unicast: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112. */
const specialIpv6: ReadonlyArray<Network> = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
]
/**
 * Where clouds keep their machines' credentials. No network that merely contains one allows it: it
 * has to be named by itself.
 */
const metadata = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd20:ce::254",
])

/** Ports of other protocols, which an HTTP request could be made to speak to (as browsers refuse). */
const refusedPorts = new Set([
  1719, 1720, 1723, 2049, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666,
  6667, 6668, 6669, 6679, 6697, 9200, 10_080, 11_211, 27_017,
])
const leastFreePort = 1024
const longestEndpoint = 2000

const isSpecial = membership([...specialIpv4, ...specialIpv6])
const isGlobal6 = membership([globalUnicast])

const isPublic = (address: string): boolean => {
  if (metadata.has(address)) return false
  return !isSpecial(address) && (isIP(address) === 4 || isGlobal6(address))
}

/** Throws `NetworkInvalid`. `resolve`: the system's, where none is given. */
export const makeNetworkGuard = (
  allowedNetworks: ReadonlyArray<string>,
  resolve: Resolve = resolveBySystem,
): NetworkGuard => {
  const networks = allowedNetworks.map(parseNetwork)
  const isInAllowed = membership(networks)
  const single = new Set(
    networks
      .filter(([address, prefix]) => prefix === (isIP(address) === 6 ? 128 : 32))
      .map(([address]) => address),
  )

  const isAllowed = (given: string): boolean => {
    // A zone (fe80::1%eth0) belongs to a link of this very machine.
    if (isIP(given) === 0 || given.includes("%")) return false
    const address = canonical(given)
    if (metadata.has(address)) return single.has(address)
    return isPublic(address) || isInAllowed(address)
  }

  const check = async (endpoint: string): Promise<CheckedEndpoint> => {
    const url = parseEndpoint(endpoint)
    const name = bareHost(url.hostname)
    const addresses =
      isIP(name) === 0
        ? await resolve(name).catch(() => refuse(endpoint, `the name ${name} does not resolve`))
        : [{ address: name }]
    if (addresses.length === 0) return refuse(endpoint, `the name ${name} has no address`)
    for (const { address } of addresses)
      if (!isAllowed(address))
        return refuse(
          endpoint,
          `stands for ${address}, which is not a public address; the gateway's administrator can allow its network (hosts.allowedNetworks)`,
        )
    return { url, isPublic: addresses.some(({ address }) => isPublic(canonical(address))) }
  }
  return { isAllowed, check, resolve }
}

/** The part of the check that needs no name server. */
const parseEndpoint = (endpoint: string): URL => {
  const shown = endpoint.slice(0, 200)
  if (endpoint.length > longestEndpoint || !URL.canParse(endpoint))
    return refuse(shown, "is no URL; expected one such as https://gpu.example/v1")
  const url = new URL(endpoint)
  if (url.username !== "" || url.password !== "")
    return refuse(url.origin, "credentials do not belong in the URL; send them as `token`")
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return refuse(shown, "expected http or https")
  if (url.search !== "" || url.hash !== "")
    return refuse(shown, "expected a base URL, without ? and #")
  const port = url.port === "" ? 443 : Number(url.port)
  const isPortSane =
    port === 80 || port === 443 || (port >= leastFreePort && !refusedPorts.has(port))
  if (!isPortSane)
    return refuse(
      shown,
      `port ${port} belongs to another protocol; expected 80, 443 or one from ${leastFreePort} on`,
    )
  return url
}

const refuse = (endpoint: string, reason: string): never => {
  throw new EndpointRefused({ endpoint, reason })
}

/** An IPv6 address is in brackets in a URL, and nowhere else. */
const bareHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1")

const resolveBySystem: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, verbatim: true }, (error, addresses) =>
      error === null ? resolve(addresses) : reject(error),
    )
  })

/**
 * Connects to addresses that the guard allows, and to no other. To be given to an undici `Agent` as
 * its `connect`. A name is resolved by the guard itself, and the socket connects to what was checked.
 */
export const guardedConnector = (
  guard: NetworkGuard,
  options: buildConnector.BuildOptions = {},
): buildConnector.connector => {
  const addressesOf = async (hostname: string): Promise<ReadonlyArray<LookupAddress> | Error> => {
    try {
      const addresses = await guard.resolve(hostname)
      const bad = addresses.find(({ address }) => !guard.isAllowed(address))
      return bad === undefined ? addresses : refusedError(hostname, bad.address)
    } catch (cause) {
      return asError(cause)
    }
  }
  const lookup: LookupFunction = async (hostname, { all }, done) => {
    const found = await addressesOf(hostname)
    if (found instanceof Error) return done(found, "")
    const [first] = found
    if (first === undefined) return done(refusedError(hostname, "no address"), "")
    // All of them: the socket tries one after the other (RFC 8305).
    if (all === true) return done(null, [...found])
    done(null, first.address, first.family)
  }
  const connect = buildConnector({ ...options, lookup } as buildConnector.BuildOptions)
  return (target, callback) => {
    const hostname = bareHost(target.hostname)
    // Node asks no resolver about what is an address already.
    if (isIP(hostname) !== 0 && !guard.isAllowed(hostname))
      return callback(refusedError(hostname, hostname), null)
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null)
      const peer = socket.remoteAddress
      if (peer !== undefined && guard.isAllowed(peer)) return callback(null, socket)
      socket.destroy()
      callback(refusedError(hostname, peer ?? "an unknown address"), null)
    })
  }
}

const refusedError = (hostname: string, address: string): EndpointRefused =>
  new EndpointRefused({ endpoint: hostname, reason: `${address} is not a public address` })
