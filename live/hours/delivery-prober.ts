/**
 * Looks at what was granted, where the economy measures delivery by probes: whatever answers at its address
 * with less than a server's error is up. The market is told of changes only. A booking whose host named no
 * address that can be looked at is measured by the host's heartbeats alone.
 */
import { bookingView, microsPerSecond } from "../../engine/index.ts"
import { request } from "undici"
import type { BookingRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { NetworkGuard } from "../hosts/network-guard.ts"
import { guardedAgent, leaveUnread } from "../hosts/guarded-agent.ts"
import type { History } from "./history.ts"

export interface DeliveryProber {
  readonly close: () => Promise<void>
}

/** One lost packet is no outage. */
const looksToBeDown = 2
const mostAtOnce = 64
const mostAnswerBytes = 65_536

export const startDeliveryProber = (
  services: LiveServices,
  history: History,
  guard: NetworkGuard,
): DeliveryProber => {
  const { config, driver, directory } = services
  if (driver.market.economy.escrow.evidence !== "probes") return { close: async () => {} }
  const timeoutMillis = config.hours.probeTimeoutSeconds * 1000
  const agent = guardedAgent(guard, timeoutMillis, mostAnswerBytes)
  const isDown = new Map<number, boolean>()
  let isClosed = false
  let disarm = (): void => {}

  const isUp = async (url: string): Promise<boolean> => {
    for (let look = 0; look < looksToBeDown && !isClosed; look++)
      try {
        const { statusCode, body } = await request(url, {
          dispatcher: agent,
          signal: AbortSignal.timeout(timeoutMillis),
        })
        leaveUnread(body)
        if (statusCode < 500) return true
      } catch {
        // Looked at again.
      }
    return false
  }
  const look = async ({ id, probeUrl = "" }: BookingRecord): Promise<void> => {
    const found = await isUp(probeUrl)
    const isStill = directory.bookings.get(id)?.probeUrl === probeUrl
    if (isClosed || !isStill || bookingView(driver.market, id)?.phase !== "active") return
    if ((isDown.get(id) ?? false) === !found) return
    isDown.set(id, !found)
    driver.submit({ _tag: "DeliveryProbed", booking: id, isUp: found })
  }
  const round = async (): Promise<void> => {
    const probed = history.open().filter(({ probeUrl }) => probeUrl !== undefined)
    for (const id of isDown.keys()) if (!probed.some((one) => one.id === id)) isDown.delete(id)
    const waiting = [...probed]
    const workers = Array.from({ length: Math.min(mostAtOnce, waiting.length) }, async () => {
      for (let next = waiting.shift(); next !== undefined && !isClosed; next = waiting.shift())
        await look(next)
    })
    await Promise.all(workers)
    arm()
  }
  const arm = (): void => {
    if (isClosed) return
    const at = driver.clock.nowMicros() + config.hours.probeSeconds * microsPerSecond
    disarm = driver.clock.wakeAt(at, () => void round())
  }
  // What the market had been told before this process began is told again where it is otherwise now.
  for (const { id } of history.open())
    if (bookingView(driver.market, id)?.isDown === true) isDown.set(id, true)
  arm()
  return {
    close: async () => {
      isClosed = true
      disarm()
      await agent.destroy()
    },
  }
}
