/**
 * Progress of a run on stderr: a bar that moves on a terminal, a line now and then elsewhere.
 */
import { Effect } from "effect"

export interface Progress {
  readonly update: (share: number, finished: number) => Effect.Effect<void>
  /** Clears the bar, so that what follows begins on a line of its own. */
  readonly end: Effect.Effect<void>
}

/** Where progress goes: stderr, or what stands for it. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

const widestBar = 30
const millisBetweenDraws = 100

export interface ProgressOptions {
  /** What is counted; replications by default. */
  readonly noun?: string
  /** The share that was done before, 0…1: it says nothing about the time that the rest takes. */
  readonly from?: number
}

export const makeProgress = (
  total: number,
  output: ProgressOutput,
  { noun = "replications", from = 0 }: ProgressOptions = {},
): Effect.Effect<Progress> =>
  Effect.sync(() => {
    const isTerminal = output.isTTY === true && process.env["TERM"] !== "dumb"
    const began = performance.now()
    let lastDrawn = -Infinity
    let lastTenth = Math.floor(from * 10)
    const left = (share: number): string => {
      const done = (share - from) / (1 - from)
      if (!(done >= 0.02) || share >= 1) return ""
      const seconds = ((performance.now() - began) / 1000) * (1 / done - 1)
      return `, about ${durationText(seconds)} left`
    }
    const write = (text: string) => Effect.sync(() => void output.write(text))
    const update = (share: number, finished: number): Effect.Effect<void> => {
      const now = performance.now()
      const state = `${finished} of ${total} ${noun}${left(share)}`
      if (isTerminal) {
        if (now - lastDrawn < millisBetweenDraws) return Effect.void
        lastDrawn = now
        return write(`\r${barLine(share, state, output.columns)}\u001b[K`)
      }
      const tenth = Math.floor(share * 10)
      if (tenth <= lastTenth) return Effect.void
      lastTenth = tenth
      return write(`${tenth * 10}%  ${state}\n`)
    }
    return { update, end: isTerminal ? write("\r\u001b[K") : Effect.void }
  })

/**
 * A line that fits the terminal: one that wrapped could not be drawn over. The bar gives way first,
 * then the text.
 */
const barLine = (share: number, state: string, columns: number | undefined): string => {
  const text = `${Math.floor(share * 100)}%  ${state}`
  // Terminals of unknown width say 0 or nothing. The last column stays free: some would wrap there.
  const room = (columns === undefined || columns === 0 ? 80 : columns) - 1
  const width = Math.min(widestBar, room - text.length - 1)
  if (width < 5) return text.slice(0, room)
  const full = Math.round(share * width)
  return `${"█".repeat(full)}${"░".repeat(width - full)} ${text}`
}

/** Seconds up to two minutes, minutes up to two hours, hours beyond, rounded up. */
export const durationText = (seconds: number): string => {
  if (seconds <= 120) return `${Math.ceil(seconds)} s`
  if (seconds <= 7200) return `${Math.ceil(seconds / 60)} min`
  return `${Math.ceil(seconds / 3600)} h`
}
