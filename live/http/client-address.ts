/** Who an address stands for, where what one party may do is counted by addresses. */
import { isIPv6 } from "node:net"

/** Whoever has one IPv6 address has its whole /64. */
export const partyOf = (address: string): string => {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  const [head = "", tail = ""] = address.replace(/%.*$/, "").toLowerCase().split("::")
  const before = head === "" ? [] : head.split(":")
  const after = tail === "" ? [] : tail.split(":")
  const missing = address.includes("::") ? 8 - before.length - after.length : 0
  const groups = [...before, ...Array.from({ length: missing }, () => "0"), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`
}
