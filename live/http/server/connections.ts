/**
 * How many connections are open at once: of all, and of one address a quarter of that, so that none
 * can shut the others out. One too many is closed before anything of it is read.
 */
import type { Server } from "node:net"
import { partyOf } from "../client-address.ts"

const shareOfAddress = 0.25

/** `isProxy`: addresses that bring many clients, and have no share of their own. */
export const boundConnections = (
  server: Server,
  most: number,
  isProxy: (address: string) => boolean,
): void => {
  const byAddress = new Map<string, number>()
  server.maxConnections = most
  server.on("connection", (socket) => {
    const remote = socket.remoteAddress ?? ""
    if (isProxy(remote)) return
    const address = partyOf(remote)
    const open = (byAddress.get(address) ?? 0) + 1
    byAddress.set(address, open)
    socket.once("close", () => {
      const left = (byAddress.get(address) ?? 0) - 1
      if (left > 0) byAddress.set(address, left)
      else byAddress.delete(address)
    })
    if (open > most * shareOfAddress) socket.destroy()
  })
}
