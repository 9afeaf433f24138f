/**
 * A host in the simulation: polls, streams, completes, over a network that loses and reorders. Some
 * break off, stall, answer late, twice, or with nonsense. What it was told was taken, it remembers.
 */
import { drawBelow } from "../../../engine/index.ts"
import type { Stream } from "../../../engine/index.ts"
import type { Claim, Handout, UploadFeed } from "../../../live/hosts/jobs/claim.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import type { Gateway } from "./gateway.ts"
import type { Network } from "./network.ts"

export interface HostWorld {
  readonly clock: ManualClock
  readonly network: Network
  readonly chance: Stream
  readonly gateway: () => Gateway
  /** The gateway said that this request's end was taken, with all of it on disk. */
  readonly acknowledged: (request: number) => void
}

const second = 1_000_000

export const runHost = (world: HostWorld, host: number, slots: number): { stop: () => void } => {
  const { clock, network, chance } = world
  let isStopped = false
  const after = (micros: number, act: () => void): void =>
    void clock.wakeAt(clock.nowMicros() + micros, act)
  const isLucky = (share: number): boolean => chance.next() < share

  /** One slot: asks for a job, does it, asks again. A lost message is asked again after a while. */
  const work = (): void => {
    if (isStopped) return
    let isAnswered = false
    const again = (delay: number): void => {
      if (isAnswered) return
      isAnswered = true
      after(delay, work)
    }
    network.send(() => {
      const gateway = world.gateway()
      if (!gateway.isAlive()) return network.send(() => again(second))
      const leave = gateway.board.poll(host, 2 * second, (handout) => {
        if (handout === undefined) return network.send(() => again(1))
        // The answer is on its way; a lost one is noticed by the server's end of the connection.
        if (isLucky(0.05))
          return after(second / 10, () => {
            if (gateway.isAlive()) gateway.board.giveBack(handout)
          })
        network.send(() => {
          if (isAnswered || isStopped) return
          isAnswered = true
          serve(gateway, handout, () => after(1 + drawBelow(chance, second / 10), work))
        })
      })
      if (leave === undefined) again(second)
    })
    after(6 * second, () => again(1))
  }

  const serve = (gateway: Gateway, handout: Handout, done: () => void): void => {
    if (isLucky(0.03)) return done()
    let feed: UploadFeed | undefined
    let isEnded = false
    const claim: Claim = handout
    const stop = (): void => {
      if (isEnded) return
      isEnded = true
      connection.close()
      done()
    }
    const connection = network.connect(() => {
      if (gateway.isAlive()) feed?.broken()
      stop()
    })
    const toGateway = (act: () => void): void =>
      connection.send(() => {
        if (gateway.isAlive()) act()
      })
    toGateway(() => {
      const opened = gateway.board.openUpload(claim, {
        end: () => network.send(stop),
        hold: () => {},
        release: () => {},
      })
      if (typeof opened === "string") stop()
      else feed = opened
    })
    const tokens = 1 + drawBelow(chance, 12)
    const breaks = isLucky(0.1) ? drawBelow(chance, tokens + 1) : Infinity
    let sent = 0
    const next = (): void => {
      if (isEnded) return
      if (!gateway.isAlive()) return stop()
      if (sent === breaks) {
        if (isLucky(0.3)) return after(8 * second, stop)
        if (isLucky(0.3)) toGateway(() => feed?.malformed("no chunk"))
        else toGateway(() => feed?.broken())
        return after(second, stop)
      }
      if (sent < tokens) {
        sent += 1
        const finish = sent === tokens ? "stop" : null
        toGateway(() =>
          feed?.chunk({
            choices: [{ index: 0, delta: { content: " word" }, finish_reason: finish }],
          }),
        )
        return after(1 + drawBelow(chance, second / 5), next)
      }
      toGateway(() => feed?.finished())
      complete(claim, handout.job.request, isLucky(0.1) ? tokens * 5 : tokens, stop)
    }
    next()
  }

  /** What the route does: nothing is acknowledged that is not on disk. */
  const answer = async (
    gateway: Gateway,
    request: number,
    isTaken: boolean,
    know: () => void,
  ): Promise<void> => {
    await gateway.driver.durable()
    if (!gateway.isAlive()) return
    if (isTaken) world.acknowledged(request)
    network.send(know)
  }

  /** Says so until somebody answers; some say it twice to begin with. */
  const complete = (claim: Claim, request: number, reported: number, done: () => void): void => {
    let isKnown = false
    const know = (): void => {
      if (isKnown) return
      isKnown = true
      done()
    }
    const say = (tries: number): void => {
      if (isKnown || isStopped) return
      if (tries === 0) return know()
      network.send(() => {
        const now = world.gateway()
        if (!now.isAlive()) return
        const end = { outcome: "completed", reportedTokens: reported } as const
        now.board.complete(claim, end, undefined, (submission) => {
          void answer(now, request, submission.isTaken, know)
        })
      })
      after(second, () => say(tries - 1))
    }
    say(5)
    if (isLucky(0.2)) say(1)
  }

  for (let slot = 0; slot < slots; slot++) work()
  return {
    stop: () => {
      isStopped = true
    },
  }
}
