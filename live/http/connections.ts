/**
 * How many connections are open at once: of all, and of one address a quarter of that, so that none
 * can shut the others out. One too many is closed before anything of it is read.
 */
import type { Server } from "node:net"
import { partyOf } from "./client-address.ts"

const shareOfAddress = 0.25

export const boundConnections = (server: Server, most: number): void => {
  const byAddress = new Map<string, number>()
  server.maxConnections = most
  server.on("connection", (socket) => {
    const address = partyOf(socket.remoteAddress ?? "")
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
