/** A machine whose GPU is gone is not offered until it is back. What its provider paused stays paused. */
import type { AgentEvent } from "../plan/options.ts"

export interface OfferHoldOptions {
  /** Whether new bookings are taken now. */
  readonly isOffered: () => Promise<boolean>
  readonly offer: (isOffered: boolean) => Promise<unknown>
  readonly say: (event: AgentEvent) => void
}

export interface OfferHold {
  /** To be called with every heartbeat: what fails is tried again with the next. */
  readonly see: (isHolding: boolean) => Promise<void>
}

export const makeOfferHold = ({ isOffered, offer, say }: OfferHoldOptions): OfferHold => {
  let isHeld = false
  let isUnderWay = false
  const bring = async (isHolding: boolean): Promise<void> => {
    if (isHolding === isHeld) return
    if (isHolding && !(await isOffered())) return
    await offer(!isHolding)
    isHeld = isHolding
    say({
      type: "notice",
      detail: isHolding
        ? "A GPU is gone: no new bookings until it is back"
        : "The GPU is back: new bookings again",
    })
  }
  return {
    see: async (isHolding) => {
      if (isUnderWay) return
      isUnderWay = true
      try {
        await bring(isHolding)
      } catch (error) {
        const { message } = error as Error
        say({ type: "notice", detail: `Its offer could not be changed: ${message}` })
      } finally {
        isUnderWay = false
      }
    },
  }
}
