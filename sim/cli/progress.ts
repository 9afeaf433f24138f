/**
 * Progress of a run on stderr: a bar that moves on a terminal, a line now and then elsewhere.
 */
import { Effect } from "effect"

export interface Progress {
  readonly update: (share: number, finished: number) => Effect.Effect<void>
  /** Clears the bar, so that what follows begins on a line of its own. */
  readonly end: Effect.Effect<void>
}

const barWidth = 30

export const makeProgress = (total: number, isTerminal: boolean): Effect.Effect<Progress> =>
  Effect.sync(() => {
    const began = performance.now()
    let lastDrawn = -Infinity
    let lastTenth = 0
    const left = (share: number): string => {
      if (share < 0.02) return ""
      const seconds = ((performance.now() - began) / 1000) * (1 / share - 1)
      return `, about ${Math.ceil(seconds)} s left`
    }
    const write = (text: string) => Effect.sync(() => void process.stderr.write(text))
    const update = (share: number, finished: number): Effect.Effect<void> => {
      const now = performance.now()
      const state = `${finished} of ${total} replications${left(share)}`
      if (isTerminal) {
        if (now - lastDrawn < 100) return Effect.void
        lastDrawn = now
        const full = Math.round(share * barWidth)
        const bar = "█".repeat(full) + "░".repeat(barWidth - full)
        return write(`\r${bar} ${Math.floor(share * 100)}%  ${state}\u001b[K`)
      }
      const tenth = Math.floor(share * 10)
      if (tenth <= lastTenth) return Effect.void
      lastTenth = tenth
      return write(`${tenth * 10}%  ${state}\n`)
    }
    return { update, end: isTerminal ? write("\r\u001b[K") : Effect.void }
  })
