/**
 * Randomness: named, seeded streams, and nothing else.
 *
 * A stream is named by (purpose, entity), so that adding a node, a model or a purpose changes no
 * other entity's draws; that is what makes common random numbers possible. The generator is
 * seedrandom's `alea`: its whole state is four numbers, so a market can be saved mid-run.
 */
import seedrandom from "seedrandom"

export interface Stream {
  /** Uniform on [0, 1), 53 bits. */
  readonly next: () => number
  /** The generator's whole state, to be handed to {@link resumeStream}. */
  readonly state: () => StreamState
}

export interface StreamState {
  readonly c: number
  readonly s0: number
  readonly s1: number
  readonly s2: number
}

/** The stream of one purpose and one entity under a market's or a run's seed. */
export const openStream = (seed: string, purpose: string, entity: number | string): Stream =>
  streamOf(seedrandom.alea(`${seed}/${purpose}/${entity}`, { state: true }))

/** A stream that goes on exactly where the saved one stood. */
export const resumeStream = (state: StreamState): Stream => {
  // seedrandom copies `state` into a fresh generator; it declares the option as opaque.
  const options = { state: { ...state } as unknown as seedrandom.State.Alea }
  return streamOf(seedrandom.alea("", options))
}

const streamOf = (generator: seedrandom.StatefulPRNG<seedrandom.State.Alea>): Stream => ({
  next: generator.double,
  state: () => generator.state() as unknown as StreamState,
})

/** A uniform integer in [0, bound). `bound` is an integer in 1 … 2^53. */
export const drawBelow = (stream: Stream, bound: number): number =>
  Math.floor(stream.next() * bound)
