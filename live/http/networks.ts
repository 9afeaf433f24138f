/** Networks as the configuration writes them: `10.0.0.0/8`, `fd00::/8`, or one address. */
import { Data } from "effect"
import { BlockList, isIP } from "node:net"

export class NetworkInvalid extends Data.TaggedError("NetworkInvalid")<{
  readonly network: string
}> {
  override get message(): string {
    return `${this.network} is no network; expected one such as 10.0.0.0/8 or fd00::/8`
  }
}

export type Network = readonly [address: string, prefix: number]

/** Throws `NetworkInvalid`. */
export const parseNetwork = (network: string): Network => {
  const [address = "", bits, ...rest] = network.split("/")
  const family = isIP(address)
  const most = family === 6 ? 128 : 32
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (family === 0 || rest.length > 0 || prefix > most || address.includes("%"))
    throw new NetworkInvalid({ network })
  return [canonical(address), prefix]
}

/** One spelling of an IPv6 address: as a URL writes it. */
export const canonical = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

/** Whether an address is in one of the networks; an IPv4 address written as IPv6 is what it stands for. */
export const membership = (networks: ReadonlyArray<Network>): ((address: string) => boolean) => {
  const list = new BlockList()
  for (const [address, prefix] of networks)
    list.addSubnet(address, prefix, address.includes(":") ? "ipv6" : "ipv4")
  return (address) =>
    isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6")
}
